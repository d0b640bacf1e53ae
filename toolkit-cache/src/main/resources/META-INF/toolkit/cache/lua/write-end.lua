-- Ends one writer's record. The tombstone is removed with its last record; if there is none (it reached its deadline, or
-- Redis has lost it) any other entry is removed, since it may have been read before the write.
-- KEYS[1]  the entry
-- ARGV[1]  token of the writer, 8 characters
-- ARGV[2]  channel of invalidations
-- ARGV[3]  message for it
-- Returns  1 the key is clear; 0 records of other writers remain. The message is published in each case.
-- Run again it may remove a newer value: that costs a load, never a stale read.
-- A record merged with others (write-begin.lua) is not found: merged records stay until their deadline.
-- Cost     O(writers at work on this key, 1,025 at most) and the delivery of one message
local keep = {}
local entry = redis.call('GET', KEYS[1])
if entry and string.sub(entry, 1, 1) == 'T' then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local last = now
  for i = 2, #entry, 21 do
    local deadline = tonumber(string.sub(entry, i + 8, i + 20))
    if deadline > now and string.sub(entry, i, i + 7) ~= ARGV[1] then
      keep[#keep + 1] = string.sub(entry, i, i + 20)
      if deadline > last then
        last = deadline
      end
    end
  end
  if #keep > 0 then
    redis.call('SET', KEYS[1], 'T' .. table.concat(keep), 'PX', last - now)
  end
end
if #keep == 0 then
  redis.call('DEL', KEYS[1])
end
redis.call('PUBLISH', ARGV[2], ARGV[3])
return #keep == 0 and 1 or 0
