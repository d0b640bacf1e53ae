-- Lists dead jobs, makes one ready again, or drops one, whose id is remembered for 24 h more.
-- KEYS     1 prefix of the queue's keys, tq:{name}:  2 the same and a dash; neither exists as a key
-- ARGV     1 'list', then 2 how many to skip, 3 how many to return (1,000 at most)
--          or 1 'retry' or 'discard', then 2 id
-- returns  list: {per job: id, its end as e keeps it, envelope}, newest first; retry, discard: 1 done, 0 not dead
-- cost     list: 2 commands a job; else at most 8
-- retry    safe
local p = KEYS[1]
if ARGV[1] == 'list' then
  local from = tonumber(ARGV[2])
  local ids = redis.call('ZREVRANGE', p .. 'f', from, from + tonumber(ARGV[3]) - 1)
  local out = {}
  for i = 1, #ids do
    out[#out + 1] = ids[i]
    out[#out + 1] = redis.call('HGET', p .. 'e', ids[i]) or ''
    out[#out + 1] = redis.call('GET', p .. 'j:' .. ids[i]) or ''
  end
  return out
end
local id = ARGV[2]
if redis.call('ZREM', p .. 'f', id) == 0 then
  return 0
end
redis.call('HDEL', p .. 't', id)
redis.call('HDEL', p .. 'x', id)
if ARGV[1] == 'retry' then
  redis.call('HDEL', p .. 'e', id)
  local priority = redis.call('GETRANGE', p .. 'j:' .. id, 0, 0)
  if priority ~= '' then
    redis.call('LPUSH', p .. 'w:' .. priority, id)
    redis.call('ZADD', p .. 'k', 0, '0')
  end
else
  redis.call('DEL', p .. 'j:' .. id)
  local t = redis.call('TIME')
  redis.call('ZADD', p .. 'ex', t[1] * 1000 + 86400000, id)
end
return 1
