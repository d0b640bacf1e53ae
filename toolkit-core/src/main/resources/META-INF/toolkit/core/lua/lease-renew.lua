-- Moves the end of a holder on, unless it has ended.
-- KEYS[1]  holders
-- ARGV[1]  id of the holder
-- ARGV[2]  lifetime from now, ms
-- Returns  1, or 0 if it holds nothing any more
-- Run again it renews again.
-- Cost     O(log holders)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ends = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not ends or tonumber(ends) <= now then
  return 0
end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
redis.call('PEXPIREAT', KEYS[1], last[2])
return 1
