-- Renews a worker's claims, returns jobs whose claim it never heard of, and takes over jobs whose leases expired.
-- KEYS     1 prefix of the queue's keys, tq:{name}:  2 the same and a dash; neither exists as a key
-- ARGV     1 worker  2 lease in ms  3 first epoch whose claim may still be on its way to the worker
--            (0: return nothing)
--          4 crashes after which a job is dead  5 how long dead jobs are kept, ms  6 most dead jobs kept
--          (the id of one that is dropped is remembered for 24 h more)
--          then per held job two values: id, epoch it was claimed in
-- returns  {ms until the first lease ends or -1, returned, taken over, {ids that are no longer this worker's},
--           bytes of the largest job returned or 0}
-- cost     2 commands a held job, 1 over all claims, 6 a job returned or taken over (100 at most), 8 fixed
-- retry    safe
local p = KEYS[1]
local worker, lease, first_epoch = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local lost, held = {}, {}
for i = 7, #ARGV, 2 do
  local id = ARGV[i]
  if redis.call('HGET', p .. 'r', id) == worker .. '|' .. ARGV[i + 1] then
    redis.call('ZADD', p .. 'l', 'XX', now + lease, id)
    held[id] = true
  else
    lost[#lost + 1] = id
  end
end
local function ready(id)
  local priority = redis.call('GETRANGE', p .. 'j:' .. id, 0, 0)
  if priority ~= '' then
    redis.call('RPUSH', p .. 'w:' .. priority, id)
    redis.call('ZADD', p .. 'k', 0, '0')
  end
end
local given_back, largest = 0, 0
local mine = worker .. '|'
local claims = first_epoch > 0 and redis.call('HGETALL', p .. 'r') or {}
for i = 1, #claims, 2 do
  local id, owner = claims[i], claims[i + 1]
  if not held[id] and string.sub(owner, 1, #mine) == mine
      and tonumber(string.sub(owner, #mine + 1)) < first_epoch then
    redis.call('HDEL', p .. 'r', id)
    redis.call('ZREM', p .. 'l', id)
    ready(id)
    given_back = given_back + 1
    largest = math.max(largest, redis.call('STRLEN', p .. 'j:' .. id))
  end
end
-- A claim whose lease was evicted would be held for ever: it gets a new lease.
if redis.call('ZCARD', p .. 'l') < redis.call('HLEN', p .. 'r') then
  local ids = redis.call('HKEYS', p .. 'r')
  for i = 1, #ids do
    redis.call('ZADD', p .. 'l', 'NX', now + lease, ids[i])
  end
end
local expired = redis.call('ZRANGEBYSCORE', p .. 'l', '-inf', now, 'LIMIT', 0, 100)
for i = 1, #expired do
  local id = expired[i]
  local crashes = redis.call('HINCRBY', p .. 'x', id, 1)
  redis.call('HDEL', p .. 'r', id)
  redis.call('ZREM', p .. 'l', id)
  if crashes >= tonumber(ARGV[4]) then
    local attempts = crashes + (tonumber(redis.call('HGET', p .. 't', id)) or 0)
    redis.call('HSET', p .. 'e', id, 'd|' .. attempts .. '|' .. now .. '|||its worker ended or hung ' .. crashes .. ' times')
    redis.call('ZADD', p .. 'f', now, id)
  else
    ready(id)
  end
end
local old = redis.call('ZRANGEBYSCORE', p .. 'ex', '-inf', now, 'LIMIT', 0, 500)
for i = 1, #old do
  redis.call('ZREM', p .. 'ex', old[i])
  redis.call('HDEL', p .. 'e', old[i])
end
local dead = redis.call('ZRANGEBYSCORE', p .. 'f', '-inf', now - tonumber(ARGV[5]), 'LIMIT', 0, 100)
local beyond = redis.call('ZCARD', p .. 'f') - tonumber(ARGV[6])
if #dead == 0 and beyond > 0 then
  dead = redis.call('ZRANGE', p .. 'f', 0, math.min(beyond, 100) - 1)
end
for i = 1, #dead do
  redis.call('ZREM', p .. 'f', dead[i])
  redis.call('DEL', p .. 'j:' .. dead[i])
  redis.call('ZADD', p .. 'ex', now + 86400000, dead[i])
  redis.call('HDEL', p .. 't', dead[i])
  redis.call('HDEL', p .. 'x', dead[i])
end
local first = redis.call('ZRANGE', p .. 'l', 0, 0, 'WITHSCORES')
local wait = -1
if first[2] then
  wait = math.max(0, tonumber(first[2]) - now)
end
return {wait, given_back, #expired, lost, largest}
