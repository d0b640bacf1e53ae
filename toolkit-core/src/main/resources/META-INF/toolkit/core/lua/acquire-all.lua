-- Takes permits under several policies at once, from all of them or from none, by the generic cell rate algorithm.
-- Each key is as in acquire.lua.
-- KEYS[i]      the TAT of policy i; all in one slot
-- ARGV[1]      permits that one call costs
-- ARGV[2]      calls: as many of them as fit are admitted; 0 to look whether one would fit, which writes nothing
-- ARGV[2i+1]   burst of policy i, permits
-- ARGV[2i+2]   what one permit of policy i is worth, us, a multiple of 1/32
-- Returns      {calls admitted, us until one more would be (0 if all were), policy that decided, counted from 1,
--              its permits left, us until all of them are back}
-- A denial writes nothing but TATs that lie beyond their burst and a 32nd, as in acquire.lua. Run again it takes again.
-- Cost         O(policies)
local time = redis.call('TIME')
local now = (time[1] - 1767225600) * 1000000 + time[2]
local cost, calls = tonumber(ARGV[1]), tonumber(ARGV[2])
local wanted = math.max(calls, 1)
local fits = wanted
local ahead, room, step = {}, {}, {}

local function set(i)
  redis.call('SET', KEYS[i], now + ahead[i], 'PX', math.ceil(ahead[i] / 1000) + 1)
end

for i = 1, #KEYS do
  local permit = tonumber(ARGV[2 * i + 2])
  room[i] = permit * ARGV[2 * i + 1]
  step[i] = permit * cost
  ahead[i] = math.max(tonumber(redis.call('GET', KEYS[i]) or now) - now, 0)
  if ahead[i] > room[i] * 33 / 32 then
    ahead[i] = room[i]
    if calls > 0 then
      set(i)
    end
  end
  fits = math.min(fits, math.floor(math.max(room[i] - ahead[i], 0) / step[i]))
end
local admitted = math.min(fits, calls)
local retry, which, least = 0, 1, nil
for i = 1, #KEYS do
  if admitted > 0 then
    ahead[i] = ahead[i] + step[i] * admitted
    set(i)
  end
  if fits == wanted then
    local left = (room[i] - ahead[i]) / step[i]
    if not least or left < least then
      least, which = left, i
    end
  else
    local wait = ahead[i] + step[i] - room[i]
    if wait > retry then
      retry, which = wait, i
    end
  end
end
return {
  admitted,
  math.ceil(retry),
  which,
  math.floor(math.max(room[which] - ahead[which], 0) / tonumber(ARGV[2 * which + 2])),
  math.ceil(ahead[which]),
}
