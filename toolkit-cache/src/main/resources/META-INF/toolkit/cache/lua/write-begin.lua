-- Raises the tombstone of a key, or adds one writer's record to it: from now on readers neither read nor store here.
-- The entry is 'T' and a record for each writer: its token (8 characters) and its own deadline (13 digits, ms of Redis
-- TIME). Each record ends at its own deadline, so that a writer that crashed does not hold a busy key for ever. They
-- are in the order of their begins. Whatever else is there, also of another type, is replaced.
-- KEYS[1]  the entry
-- ARGV[1]  token of the writer, 8 characters
-- ARGV[2]  lifetime of its record, ms
-- ARGV[3]  channel of invalidations
-- ARGV[4]  message for it
-- Returns  number of records now present, including the caller's own.
--          {that number, error}: the same, but Redis refused to publish the message.
--          An error: there is no record of the caller. The message is published in each case where Redis lets it.
-- Run again it renews its own record.
-- Cost     O(writers at work on this key, 1,025 at most) and the delivery of one message
-- Of more than 1,024 the older half becomes one record without an owner ('--------') until the last of their deadlines:
-- otherwise writers that fail without an end would leave more and more for each writer to read. So many writes in progress
-- on one key keep it bypassed until those deadlines; up to 1,024, each is ended by its writer.
local most = 1024
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local mine = now + ARGV[2]
local last = mine
local keep = {}
local entry = redis.pcall('GET', KEYS[1])
if type(entry) == 'table' and not string.find(entry.err, 'WRONGTYPE', 1, true) then
  redis.pcall('PUBLISH', ARGV[3], ARGV[4])
  return entry
end
if type(entry) == 'string' and string.sub(entry, 1, 1) == 'T' then
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
local own = ARGV[1] .. string.format('%013.0f', mine)
local gone = 0
local nobodys = ''
if #keep > most then
  gone = most / 2
  local latest = 0
  for i = 1, gone do
    latest = math.max(latest, tonumber(string.sub(keep[i], 9)))
  end
  nobodys = '--------' .. string.format('%013.0f', latest)
end
local tombstone = 'T' .. nobodys .. table.concat(keep, '', gone + 1) .. own
local done = redis.pcall('SET', KEYS[1], tombstone, 'PX', last - now)
if done.err and string.find(done.err, 'OOM', 1, true) then
  -- A full Redis lets a script write on once it has freed something.
  redis.pcall('DEL', KEYS[1])
  done = redis.pcall('SET', KEYS[1], tombstone, 'PX', last - now)
end
local told = redis.pcall('PUBLISH', ARGV[3], ARGV[4])
if done.err then
  return done
end
local records = #keep - gone + 1 + (gone > 0 and 1 or 0)
if type(told) == 'table' then
  return {records, told.err}
end
return records
