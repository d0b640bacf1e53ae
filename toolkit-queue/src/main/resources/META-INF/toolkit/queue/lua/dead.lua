-- Lists dead jobs, makes one ready again, or drops one, whose id is remembered from then on as if it had just ended.
-- KEYS     1 prefix of the queue's keys, q:{name}:  2 the same and a dash; neither exists as a key
-- ARGV     1 data version
--          2 'list', then 3 how many to skip, 4 how many to return (1,000 at most)
--          or 2 'retry' or 'discard', then 3 id
-- returns  list: {per job: id, its end as e keeps it, the first 100 bytes of its envelope}, newest first;
--          retry, discard: 1 done, 0 not dead, or too damaged to retry: nothing is changed then.
--          Error TQVERSION and the data's version if that is another
-- cost     list: 2 commands a job; else at most 9
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
local id, retry = ARGV[3], ARGV[2] == 'retry'
local priority, type = string.match(redis.call('GETRANGE', p .. 'j:' .. id, 0, 99), '^(%d)%a%d%d%d([^ \n]+)')
if retry and not priority or redis.call('ZREM', p .. 'f', id) == 0 then
  return 0
end
redis.call('HDEL', p .. 't', id)
if retry then
  redis.call('HDEL', p .. 'e', id)
  redis.call('LPUSH', p .. 'w:' .. priority .. ':' .. type, id)
  redis.call('ZADD', p .. 'k:' .. type, 0, '0')
else
  redis.call('DEL', p .. 'j:' .. id)
  local t = redis.call('TIME')
  redis.call('ZADD', p .. 'ec', t[1] * 1000 + math.floor(t[2] / 1000), id)
end
return 1
