-- Removes a value or a lease; a tombstone stays, because its writes are still in progress.
-- KEYS[1]  the entry
-- ARGV[1]  channel of invalidations
-- ARGV[2]  message for it
-- Returns  1 removed; 0 there was nothing; -1 a tombstone is there.
--          {that number, error}: the same, but Redis refused to publish the message.
--          An error: the entry could not be removed. The message is published in each case where Redis lets it.
-- Run again it may remove a newer value: that costs a load, never a stale read.
-- Cost     O(1) and the delivery of one message
local done = -1
local kind = redis.pcall('GETRANGE', KEYS[1], 0, 0)
if type(kind) == 'table' and not string.find(kind.err, 'WRONGTYPE', 1, true) then
  done = kind
elseif kind ~= 'T' then
  -- Also what is of another type.
  done = redis.pcall('DEL', KEYS[1])
end
local told = redis.pcall('PUBLISH', ARGV[1], ARGV[2])
if type(done) == 'table' then
  return done
end
if type(told) == 'table' then
  return {done, told.err}
end
return done
