-- Removes a value or a lease; a tombstone stays, because its writes are still in progress.
-- KEYS[1]  the entry
-- ARGV[1]  channel of invalidations
-- ARGV[2]  message for it
-- Returns  1 removed; 0 there was nothing; -1 a tombstone is there. The message is published in each case.
-- Run again it may remove a newer value: that costs a load, never a stale read.
-- Cost     O(1) and the delivery of one message
local removed = -1
if redis.call('GETRANGE', KEYS[1], 0, 0) ~= 'T' then
  removed = redis.call('DEL', KEYS[1])
end
redis.call('PUBLISH', ARGV[1], ARGV[2])
return removed
