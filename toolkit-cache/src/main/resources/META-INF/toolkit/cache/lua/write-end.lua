-- Ends one writer's record. The tombstone is removed with its last record; if there is none (it reached its deadline, or
-- Redis has lost it) any other entry is removed, since it may have been read before the write.
-- KEYS[1]  the entry
-- ARGV[1]  token of the writer, 8 characters
-- ARGV[2]  channel of invalidations
-- ARGV[3]  message for it
-- Returns  1 the key is clear; 0 records of other writers remain.
--          {that number, error}: the same, but Redis refused to publish the message.
--          An error: the record stands. The message is published in each case where Redis lets it.
-- Run again it may remove a newer value: that costs a load, never a stale read.
-- A record merged with others (write-begin.lua) is not found: merged records stay until their deadline.
-- Cost     O(writers at work on this key, 1,025 at most) and the delivery of one message
local keep = {}
local last = 0
local now = 0
local entry = redis.pcall('GET', KEYS[1])
if type(entry) == 'table' and not string.find(entry.err, 'WRONGTYPE', 1, true) then
  redis.pcall('PUBLISH', ARGV[2], ARGV[3])
  return entry
end
if type(entry) == 'string' and string.sub(entry, 1, 1) == 'T' then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
  last = now
  for i = 2, #entry, 21 do
    local deadline = tonumber(string.sub(entry, i + 8, i + 20)) or 0
    if deadline > now and string.sub(entry, i, i + 7) ~= ARGV[1] then
      keep[#keep + 1] = string.sub(entry, i, i + 20)
      if deadline > last then
        last = deadline
      end
    end
  end
end
local done
if #keep == 0 then
  done = redis.pcall('DEL', KEYS[1])
else
  local tombstone = 'T' .. table.concat(keep)
  done = redis.pcall('SET', KEYS[1], tombstone, 'PX', last - now)
  if done.err and string.find(done.err, 'OOM', 1, true) then
    -- A full Redis lets a script write on once it has freed something.
    redis.pcall('DEL', KEYS[1])
    done = redis.pcall('SET', KEYS[1], tombstone, 'PX', last - now)
  end
end
local told = redis.pcall('PUBLISH', ARGV[2], ARGV[3])
if type(done) == 'table' and done.err then
  return done
end
local clear = #keep == 0 and 1 or 0
if type(told) == 'table' then
  return {clear, told.err}
end
return clear
