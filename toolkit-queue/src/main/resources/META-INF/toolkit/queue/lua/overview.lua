-- Tells an operator how a queue is.
-- KEYS     1 prefix of the queue's keys, q:{name}:  2 the same and a dash; neither exists as a key
-- ARGV     1 data version  2 the last so many ms are counted
-- returns  {waiting, delayed (retries among them), active, dead, ended and remembered; 1 if the queue is paused, else 0;
--           workers whose lease holds; of those, how many have nothing to run and free slots; jobs that ended lately and
--           are remembered; jobs that died lately; the time of Redis in ms;
--           {per list that has jobs: priority:type, how many, the one to run next, the first line of its envelope (of a
--           long one the first 300 bytes, to the last field that is whole), since when it is ready in ms, if it is not for
--           the first time or not at the time that it was enqueued for, else 0};
--           the ms that were counted: fewer than asked for where ended ids are not remembered for as long;
--           schedules whose slot has been due for more than a minute}
--          Error TQVERSION and the data's version if that is another
-- cost     11 commands, 1 if there was ever a schedule, 2 a worker, 5 a list
local p = KEYS[1]
local meta, paused, lists, waiting, window = redis.call('HGETALL', p .. 'm'), 0, {}, 0, tonumber(ARGV[2])
local scheduled = false
for i = 1, #meta, 2 do
  if meta[i] == 'v' and meta[i + 1] ~= ARGV[1] then
    return redis.error_reply('TQVERSION ' .. meta[i + 1])
  end
  if meta[i] == 'paused' and meta[i + 1] == '1' then paused = 1 end
  if meta[i] == 'made' then window = math.min(window, tonumber(meta[i + 1]) or window) end
  if meta[i] == 'c' then scheduled = true end
end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
for i = 1, #meta, 2 do
  local type = string.match(meta[i], '^w(.+)$')
  for priority in string.gmatch(type and meta[i + 1] or '', '%d') do
    local list = priority .. ':' .. type
    local length = redis.call('LLEN', p .. 'w:' .. list)
    if length > 0 then
      waiting = waiting + length
      local last = redis.call('LINDEX', p .. 'w:' .. list, -1)
      local id = string.match(last, '^(.*)|$')
      local since = 0
      if id then
        -- When it was due again; or when its worker's lease ended, which is the last that was kept of it.
        since = string.match(redis.call('HGET', p .. 't', id) or '', '@(%d+)$')
          or string.match(redis.call('LINDEX', p .. 'h:' .. id, -1) or '', '^(%d+)|') or 0
      end
      id = id or last
      local head = redis.call('GETRANGE', p .. 'j:' .. id, 0, 299)
      lists[#lists + 1] = list
      lists[#lists + 1] = length
      lists[#lists + 1] = id
      lists[#lists + 1] = string.match(head, '^([^\n]*)\n') or string.match(head, '^(.*) ') or ''
      lists[#lists + 1] = tonumber(since)
    end
  end
end
local active, alive = 0, 0
local workers = redis.call('ZRANGE', p .. 'l', 0, -1, 'WITHSCORES')
for i = 1, #workers, 2 do
  local fields = redis.call('HMGET', p .. 'o:' .. workers[i], '', '@')
  active = active + redis.call('HLEN', p .. 'o:' .. workers[i]) - (fields[1] and 1 or 0) - (fields[2] and 1 or 0)
  if fields[1] and tonumber(workers[i + 1]) > now then alive = alive + 1 end
end
local from = now - window
return {waiting, redis.call('ZCARD', p .. 'd'), active, redis.call('ZCARD', p .. 'f'),
  redis.call('ZCARD', p .. 'ec') + redis.call('ZCARD', p .. 'eg'), paused, alive,
  math.min(alive, redis.call('SCARD', p .. 'i')),
  redis.call('ZCOUNT', p .. 'ec', from, '+inf') + redis.call('ZCOUNT', p .. 'eg', from, '+inf'),
  redis.call('ZCOUNT', p .. 'f', from, '+inf'), now, lists, window,
  scheduled and redis.call('ZCOUNT', p .. 'cs', '-inf', now - 60000) or 0}
