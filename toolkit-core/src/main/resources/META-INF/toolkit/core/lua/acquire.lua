-- Takes permits under one policy, by the generic cell rate algorithm. acquire-all.lua is the same for several; this one
-- is cheaper, and most limits have one.
-- The key holds a theoretical arrival time (TAT): the moment at which all permits will be back, in microseconds since
-- 2026-01-01 by Redis TIME. Times are multiples of 1/32 us, which a double holds exactly until 2034: counted from 1970,
-- with any fraction, rounding would let up to 1 % too many through.
-- KEYS[1]  the TAT
-- ARGV[1]  permits that one call costs
-- ARGV[2]  calls: as many of them as fit are admitted; 0 to look whether one would fit, which writes nothing
-- ARGV[3]  burst, permits
-- ARGV[4]  what one permit is worth, us, a multiple of 1/32
-- Returns  {calls admitted, us until one more would be (0 if all were), 1, permits left, us until all of them are back}
-- Cost     O(1)
-- A TAT further ahead than the burst (the limit was lowered, the clock went back) is set to the burst ahead, once: read
-- as that and left, it would stay as far ahead and deny until the old time has come. Not so within a 32nd: by so much
-- the bursts of limits of one period differ, since a permit's worth is rounded, and where two of them take turns, each
-- setting back would give that much away. Other than that a denial writes nothing. Run again it takes again: a lost
-- answer costs permits and never gives any away.
local time = redis.call('TIME')
local now = (time[1] - 1767225600) * 1000000 + time[2]
local permit, calls = tonumber(ARGV[4]), tonumber(ARGV[2])
local room, step = permit * ARGV[3], permit * ARGV[1]
local tat = redis.call('GET', KEYS[1])
local ahead = tat and tat - now or 0
local beyond = ahead > room * 33 / 32
if beyond then
  ahead = room
elseif ahead < 0 then
  ahead = 0
end
local floor, ceil, max = math.floor, math.ceil, math.max
local fits = floor(max(room - ahead, 0) / step)
local admitted = fits
if admitted > calls then
  admitted = calls
end
if admitted > 0 or (beyond and calls > 0) then
  ahead = ahead + step * admitted
  redis.call('SET', KEYS[1], now + ahead, 'PX', ceil(ahead / 1000) + 1)
end
local retry = 0
if admitted < calls or fits < 1 then
  retry = ceil(ahead + step - room)
end
return {admitted, retry, 1, floor(max(room - ahead, 0) / permit), ceil(ahead)}
