-- Takes one of a name's permits, if there is one, and hands out the next fencing token.
-- KEYS[1]  holders: a sorted set of holders' ids by when they end, ms of Redis TIME
-- KEYS[2]  the last token
-- ARGV[1]  id of the holder
-- ARGV[2]  permits of the name
-- ARGV[3]  lifetime, ms
-- ARGV[4]  how long the last token is remembered, ms
-- Returns  {token, 0}, or {0, ms until the first holder ends unless it is renewed}
-- A token is the time in us, or one more than the last if that is not less: so tokens go on rising also where the last
-- one was lost (failover, FLUSHALL), as long as Redis' clock does.
-- Run again it renews what it took, under a higher token.
-- Cost     O(log holders) and O(1) for each that has ended
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if not redis.call('ZSCORE', KEYS[1], ARGV[1])
  and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then
  local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  return {0, first[2] - now}
end
local token = math.max(time[1] * 1000000 + time[2], tonumber(redis.call('GET', KEYS[2]) or 0) + 1)
redis.call('SET', KEYS[2], string.format('%.0f', token), 'PX', ARGV[4])
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
redis.call('PEXPIREAT', KEYS[1], last[2])
return {token, 0}
