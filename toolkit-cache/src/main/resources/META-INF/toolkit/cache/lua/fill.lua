-- Stores a value that was loaded under a lease, if the lease is still there.
-- KEYS[1]  the entry
-- ARGV[1]  'L' .. token of the lease
-- ARGV[2]  'V' .. value
-- ARGV[3]  lifetime of the value, ms
-- Returns  1 stored; 0 refused: the lease has expired, or an invalidation has ended it.
-- Run again it refuses, and leaves what it stored.
-- Cost     O(size of the value)
if redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  return 1
end
return 0
