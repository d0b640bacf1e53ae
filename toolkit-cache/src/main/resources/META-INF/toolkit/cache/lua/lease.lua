-- Reads an entry, or takes the lease to load it if there is none. What is no entry counts as none and is replaced: bytes of
-- another kind, a key of another type, a lease that does not expire.
-- KEYS[1]  the entry
-- ARGV[1]  token of the lease that the caller wants to take
-- ARGV[2]  lifetime of the lease, ms
-- ARGV[3]  '1': take the lease even in place of a value (the caller cannot decode the one there); else '0'
-- Returns  {entry, ms it has left to live, -1 for ever, 1 if something was replaced that is no entry, else 0}; the caller
--          holds the lease if the entry is 'L' .. ARGV[1].
-- Run again with the same arguments it answers the same: the caller still holds its lease.
-- Cost     O(size of the entry)
local entry = redis.pcall('GET', KEYS[1])
local foreign = 0
if type(entry) == 'table' then
  if not string.find(entry.err, 'WRONGTYPE', 1, true) then
    return entry
  end
  entry = nil
  foreign = 1
end
if entry then
  local kind = string.sub(entry, 1, 1)
  local left = redis.call('PTTL', KEYS[1])
  if kind == 'T' or (kind == 'V' and ARGV[3] ~= '1') or (kind == 'L' and left ~= -1) then
    return {entry, left, 0}
  end
  if kind ~= 'V' then
    foreign = 1
  end
end
entry = 'L' .. ARGV[1]
redis.call('SET', KEYS[1], entry, 'PX', ARGV[2])
return {entry, tonumber(ARGV[2]), foreign}
