-- Charges permits that were already handed out, whether they fit or not: the key's TAT moves on beyond the burst, by a
-- burst at most, and so what was too many is made good for. Times are as in acquire.lua.
-- KEYS[1]  the TAT
-- ARGV[1]  permits to charge
-- ARGV[2]  burst, permits
-- ARGV[3]  what one permit is worth, us, a multiple of 1/32
-- Returns  us until all permits are back, at most twice what the burst is worth
-- Run again it charges again: a lost answer makes the limit stricter, never wider.
-- Cost     O(1)
local time = redis.call('TIME')
local now = (time[1] - 1767225600) * 1000000 + time[2]
local permit = tonumber(ARGV[3])
local ahead = math.max(tonumber(redis.call('GET', KEYS[1]) or now) - now, 0) + permit * ARGV[1]
ahead = math.min(ahead, 2 * permit * ARGV[2])
redis.call('SET', KEYS[1], now + ahead, 'PX', math.ceil(ahead / 1000) + 1)
return math.ceil(ahead)
