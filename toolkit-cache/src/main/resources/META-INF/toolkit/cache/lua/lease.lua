-- Reads an entry, or takes the lease to load it if there is none.
-- KEYS[1]  the entry
-- ARGV[1]  token of the lease that the caller wants to take
-- ARGV[2]  lifetime of the lease, ms
-- ARGV[3]  '1': take the lease even in place of a value (the caller cannot decode the one there); else '0'
-- Returns  {entry, ms it has left to live, -1 for ever}; the caller holds the lease if the entry is 'L' .. ARGV[1].
-- Run again with the same arguments it answers the same: the caller still holds its lease.
-- Cost     O(size of the entry)
local entry = redis.call('GET', KEYS[1])
if not entry or (ARGV[3] == '1' and string.sub(entry, 1, 1) == 'V') then
  entry = 'L' .. ARGV[1]
  redis.call('SET', KEYS[1], entry, 'PX', ARGV[2])
  return {entry, tonumber(ARGV[2])}
end
return {entry, redis.call('PTTL', KEYS[1])}
