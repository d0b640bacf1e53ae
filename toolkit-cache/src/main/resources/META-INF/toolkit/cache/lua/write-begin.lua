-- Raises the tombstone of a key, or adds one writer's record to it: from now on readers neither read nor store here.
-- The entry is 'T' and a record for each writer: its token (8 characters) and its own deadline (13 digits, ms of Redis
-- TIME). Each record ends at its own deadline, so that a writer that crashed does not hold a busy key for ever.
-- More than 64 become one, of nobody ('--------'), that stands until the last of their deadlines: writers that fail
-- without an end would else leave thousands, to be read through by every further writer.
-- KEYS[1]  the entry
-- ARGV[1]  token of the writer, 8 characters
-- ARGV[2]  lifetime of its record, ms
-- ARGV[3]  channel of invalidations
-- ARGV[4]  message for it
-- Returns  number of records now standing, the caller's own included.
-- Run again it renews its own record.
-- Cost     O(writers at work on this key, 65 at most) and the delivery of one message
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local mine = now + ARGV[2]
local last = mine
local records = 1
local keep = ''
local latest = 0
local entry = redis.call('GET', KEYS[1])
if entry and string.sub(entry, 1, 1) == 'T' then
  for i = 2, #entry, 21 do
    local deadline = tonumber(string.sub(entry, i + 8, i + 20))
    if deadline > now and string.sub(entry, i, i + 7) ~= ARGV[1] then
      keep = keep .. string.sub(entry, i, i + 20)
      records = records + 1
      if deadline > latest then
        latest = deadline
      end
    end
  end
end
if latest > last then
  last = latest
end
if records > 65 then
  keep = '--------' .. string.format('%013.0f', latest)
  records = 2
end
redis.call('SET', KEYS[1], 'T' .. keep .. ARGV[1] .. string.format('%013.0f', mine), 'PX', last - now)
redis.call('PUBLISH', ARGV[3], ARGV[4])
return records
