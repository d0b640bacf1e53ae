-- Lets a lease last from now on for its whole time again, if it is still there. Never brings one back.
-- KEYS[1]  the entry
-- ARGV[1]  'L' .. token of the lease
-- ARGV[2]  lifetime of the lease, ms
-- Returns  1 renewed; 0 it is gone: it has expired, or an invalidation has ended it.
-- Run again it renews once more, and after a fill or a release it does nothing.
-- Cost     O(1)
if redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) == ARGV[1] then
  return redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 0
