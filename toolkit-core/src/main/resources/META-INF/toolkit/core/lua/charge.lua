-- Settles what a process has handed out, whether it fits or not: the key's TAT moves on beyond the burst, by a burst at
-- most, and so excess calls are compensated. Times are as in acquire.lua.
-- KEYS[1]  the TAT
-- ARGV[1]  permits to charge; negative for permits that were given back; 0 to ask what others have used
-- ARGV[2]  burst, permits
-- ARGV[3]  what one permit is worth, us, a multiple of 1/32
-- ARGV[4]  1 to forget first what was used before, else 0
-- Returns  us until all permits are back, at most twice what the burst is worth
-- Run again it charges again: a lost answer makes the limit stricter, and wider only by what was given back in it.
-- Cost     O(1)
local time = redis.call('TIME')
local now = (time[1] - 1767225600) * 1000000 + time[2]
local permit = tonumber(ARGV[3])
local room, ahead = permit * ARGV[2], 0
if ARGV[4] == '0' then
  ahead = math.max(tonumber(redis.call('GET', KEYS[1]) or now) - now, 0)
  if ahead > 2 * room * 33 / 32 then
    -- Left by a limit of a longer period.
    ahead = room
  end
end
local before = ahead
ahead = math.min(math.max(ahead + permit * ARGV[1], 0), 2 * room)
if ahead == 0 then
  redis.call('DEL', KEYS[1])
elseif ahead ~= before then
  redis.call('SET', KEYS[1], now + ahead, 'PX', math.ceil(ahead / 1000) + 1)
end
return math.ceil(ahead)
