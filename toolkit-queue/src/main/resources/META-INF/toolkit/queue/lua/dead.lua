-- Lists dead jobs, makes one ready again, with another envelope if need be, or drops one, whose id is remembered from
-- then on as if it had just ended.
-- KEYS     1 prefix of the queue's keys, q:{name}:  2 the same and a dash; neither exists as a key
-- ARGV     1 data version
--          2 'list', then 3 how many to skip, 4 how many to return (1,000 at most)
--          or 2 'get', 'retry' or 'discard', then 3 id
--          or 2 'edit', then 3 id, 4 its envelope, 5 the envelope that it gets
-- returns  list: {per job: id, its end as e keeps it, the first 100 bytes of its envelope}, newest first;
--          get: its envelope, or nil if it is not dead
--          retry, edit, discard: 1 done, 0 not dead, too damaged to retry, or another envelope than that: nothing is
--          changed then.
--          Error TQVERSION and the data's version if that is another
-- cost     list: 2 commands a job; else at most 19
-- retry    safe
local p = KEYS[1]
local v = redis.call('HGET', p .. 'm', 'v')
if v and v ~= ARGV[1] then
  return redis.error_reply('TQVERSION ' .. v)
end
if ARGV[2] == 'list' then
  local from = tonumber(ARGV[3])
  local ids = redis.call('ZREVRANGE', p .. 'f', from, from + tonumber(ARGV[4]) - 1)
  local out = {}
  for i = 1, #ids do
    out[#out + 1] = ids[i]
    out[#out + 1] = redis.call('HGET', p .. 'e', ids[i]) or ''
    out[#out + 1] = redis.call('GETRANGE', p .. 'j:' .. ids[i], 0, 99)
  end
  return out
end
local action, id = ARGV[2], ARGV[3]
if action == 'get' then
  return redis.call('ZSCORE', p .. 'f', id) and redis.call('GET', p .. 'j:' .. id) or false
end
local retry = action ~= 'discard'
local envelope = action == 'edit' and ARGV[5]
if action == 'edit' and redis.call('GET', p .. 'j:' .. id) ~= ARGV[4] then
  return 0
end
local priority, type =
  string.match(redis.call('GETRANGE', p .. 'j:' .. id, 0, 99), '^(%d)%a%d%d%d([^ \n]+)')
if retry and not priority or redis.call('ZREM', p .. 'f', id) == 0 then
  return 0
end
if not retry then
  redis.call('HDEL', p .. 't', id)
  redis.call('DEL', p .. 'j:' .. id, p .. 'h:' .. id)
  local t = redis.call('TIME')
  redis.call('ZADD', p .. 'ec', t[1] * 1000 + math.floor(t[2] / 1000), id)
  return 1
end
local stored = envelope or redis.call('GET', p .. 'j:' .. id)
local head, rest = string.match(stored, '^([^\n]*)(.*)$')
local deadline = string.match(head, ' x=(%w+)')
if deadline then
  local over = redis.call('HGET', p .. 'e', id)
  local t = redis.call('TIME')
  local now = t[1] * 1000 + math.floor(t[2] / 1000)
  if over and string.sub(over, 1, 1) == 'x' or (tonumber(deadline, 36) or 0) <= now then
    -- With its deadline it would be dead again at once.
    envelope = string.gsub(head, ' x=%w+', '') .. rest
  end
end
redis.call('DEL', p .. 'h:' .. id)
redis.call('HDEL', p .. 'e', id)
if envelope then
  redis.call('SET', p .. 'j:' .. id, envelope)
  if #envelope > 16384 and not string.find(redis.call('HGET', p .. 'm', 'w' .. type) or '', 'L', 1, true) then
    redis.call('HSET', p .. 'm', 'w' .. type, (redis.call('HGET', p .. 'm', 'w' .. type) or '') .. 'L')
  end
end
-- As if it had never run, but since now.
local t = redis.call('TIME')
redis.call('HSET', p .. 't', id, '0|0|0|@' .. t[1] * 1000 + math.floor(t[2] / 1000))
redis.call('LPUSH', p .. 'w:' .. priority .. ':' .. type, id .. '|')
redis.call('ZADD', p .. 'k:' .. type, 0, '0')
if redis.call('HGET', p .. 'm', 'n') then redis.pcall('PUBLISH', p .. 'n', type) end
return 1
