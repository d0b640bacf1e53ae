-- Releases a lease after a load that failed, so that the next reader need not wait for its end.
-- KEYS[1]  the entry
-- ARGV[1]  'L' .. token of the lease
-- Returns  1 released; 0 it was no longer there.
-- Cost     O(1)
if redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
