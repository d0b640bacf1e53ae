-- Lists the jobs of one state, without their payloads.
-- KEYS     1 prefix of the queue's keys, q:{name}:  2 the same and a dash; neither exists as a key
-- ARGV     1 data version  2 state: waiting, delayed, active, dead or ended  3 how many to skip  4 how many to return (1,000
--          at most)
-- returns  {per job: id; the first 100 bytes of its envelope, '' if it has none any more; time in ms: when it is due, or
--          ended, else 0; what t keeps of it or '', of one that has ended what e keeps}: the next one to run or due first, what ended last first
--          Error TQVERSION and the data's version if that is another
-- cost     3 commands a job, and 2 a list or worker
local p, state, skip, most = KEYS[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local meta = redis.call('HGETALL', p .. 'm')
local types = {}
for i = 1, #meta, 2 do
  if meta[i] == 'v' and meta[i + 1] ~= ARGV[1] then
    return redis.error_reply('TQVERSION ' .. meta[i + 1])
  end
  local type = string.match(meta[i], '^w(.+)$')
  if type then types[#types + 1] = {name = type, used = meta[i + 1]} end
end
local out = {}
local note = state == 'ended' and 'e' or 't'
local function add(id, at)
  out[#out + 1] = id
  out[#out + 1] = redis.call('GETRANGE', p .. 'j:' .. id, 0, 99)
  out[#out + 1] = tonumber(at)
  out[#out + 1] = redis.call('HGET', p .. note, id) or ''
end
-- From several lists that follow each other: skips what is skipped, and returns what of the next one is to be shown.
local function window(length)
  local from = math.min(skip, length)
  skip = skip - from
  local count = math.min(most, length - from)
  most = most - count
  return from, count
end
if state == 'waiting' then
  table.sort(types, function(a, b) return a.name < b.name end)
  for priority = 0, 9 do
    for i = 1, #types do
      if string.find(types[i].used, priority, 1, true) then
        local list = p .. 'w:' .. priority .. ':' .. types[i].name
        local from, count = window(redis.call('LLEN', list))
        if count > 0 then
          local ids = redis.call('LRANGE', list, -from - count, -from - 1)
          for n = #ids, 1, -1 do
            add(string.match(ids[n], '^(.*)|$') or ids[n], 0)
          end
        end
      end
    end
  end
elseif state == 'active' then
  local workers = redis.call('ZRANGE', p .. 'l', 0, -1)
  for i = 1, #workers do
    local ids = redis.call('HKEYS', p .. 'o:' .. workers[i])
    local claims = {}
    for n = 1, #ids do
      if ids[n] ~= '' and ids[n] ~= '@' then claims[#claims + 1] = ids[n] end
    end
    table.sort(claims)
    local from, count = window(#claims)
    for n = from + 1, from + count do
      add(claims[n], 0)
    end
  end
else
  local keys = state == 'delayed' and {'d'} or state == 'dead' and {'f'} or {'ec', 'eg'}
  for i = 1, #keys do
    local from, count = window(redis.call('ZCARD', p .. keys[i]))
    if count > 0 then
      local command = state == 'delayed' and 'ZRANGE' or 'ZREVRANGE'
      local some = redis.call(command, p .. keys[i], from, from + count - 1, 'WITHSCORES')
      for n = 1, #some, 2 do
        add(some[n], some[n + 1])
      end
    end
  end
end
return out
