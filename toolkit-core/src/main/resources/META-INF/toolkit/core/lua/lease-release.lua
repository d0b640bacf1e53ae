-- Gives a permit back and tells those who wait for one.
-- KEYS[1]  holders
-- ARGV[1]  id of the holder
-- ARGV[2]  channel of releases
-- ARGV[3]  message for it: the name
-- Returns  1; 2 if it was released but waiters cannot be notified, since the ACL forbids the channel; 0 if it held nothing any
--          more
-- Run again it does nothing.
-- Cost     O(log holders) and the delivery of one message
if redis.call('ZREM', KEYS[1], ARGV[1]) == 0 then
  return 0
end
local told = redis.pcall('PUBLISH', ARGV[2], ARGV[3])
if type(told) == 'table' and told.err then
  return 2
end
return 1
