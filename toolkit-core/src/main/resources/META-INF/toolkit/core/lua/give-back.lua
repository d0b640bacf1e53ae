-- Gives permits back under one or several policies, to each at most what it has handed out. Each key is as in
-- acquire.lua.
-- KEYS[i]      the TAT of policy i; all in one slot
-- ARGV[1]      permits to give back
-- ARGV[2i]     burst of policy i, permits
-- ARGV[2i+1]   what one permit of policy i is worth, us, a multiple of 1/32
-- Returns      how many policies had handed out any
-- Run again it gives back again, so it is sent once: a lost answer costs permits and never gives any away.
-- Cost         O(policies)
local time = redis.call('TIME')
local now = (time[1] - 1767225600) * 1000000 + time[2]
local changed = 0
for i = 1, #KEYS do
  local tat = redis.call('GET', KEYS[i])
  if tat and tat - now > 0 then
    local permit = tonumber(ARGV[2 * i + 1])
    local room, ahead = permit * ARGV[2 * i], tat - now
    if ahead > room * 33 / 32 then
      ahead = room
    end
    ahead = ahead - permit * ARGV[1]
    if ahead > 0 then
      redis.call('SET', KEYS[i], now + ahead, 'PX', math.ceil(ahead / 1000) + 1)
    else
      redis.call('DEL', KEYS[i])
    end
    changed = changed + 1
  end
end
return changed
