-- Changes jobs, or the whole queue, for operators.
-- KEYS     1 prefix of the queue's keys, q:{name}:  2 the same and a dash; neither exists as a key
-- ARGV     1 data version
--          2 'pause', 'resume' or 'paused'
--          or 2 'cancel', then 3 id: ends a job that is waiting, delayed or active
--          or 2 'schedule', then 3 id, 4 time in ms: makes a job that is waiting or delayed ready then; at once if that is
--          over
--          or 2 'remove', then 3 id: forgets a job that is not active, its end if it has ended, and the records of its side
--          effects in this Redis
--          or 2 'drain', then 3 most: ends so many waiting jobs, 500 at most
-- returns  pause, resume: 1; paused: 1 or 0; cancel, schedule, remove: 1 done, 0 the job is in none of these states:
--          nothing is changed then; drain: how many
--          Error TQVERSION and the data's version if that is another
-- cost     at most 16 commands, and 1 a worker, of which one looks through a whole list of ready jobs; drain 4 a job
-- retry    safe; but what a lost reply told is not told again: a cancel or a drain that is repeated answers 0 for it
local p, action = KEYS[1], ARGV[2]
local meta, v, paused, published = redis.call('HGETALL', p .. 'm'), false, false, false
for i = 1, #meta, 2 do
  if meta[i] == 'v' then v = meta[i + 1] end
  if meta[i] == 'paused' then paused = meta[i + 1] == '1' end
  if meta[i] == 'n' then published = true end
end
if v and v ~= ARGV[1] then
  return redis.error_reply('TQVERSION ' .. v)
end
if action == 'paused' then
  return paused and 1 or 0
end
-- A full Redis lets a script write whose first write frees memory.
redis.call('DEL', KEYS[2])
if action == 'pause' then
  redis.call('HSET', p .. 'm', 'v', ARGV[1], 'paused', '1')
  return 1
end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local function call(type)
  redis.call('ZADD', p .. 'k:' .. type, 0, '0')
  -- Who may not publish must not fail for that: the beats of workers look.
  if published then redis.pcall('PUBLISH', p .. 'n', type) end
end
if action == 'resume' then
  redis.call('HDEL', p .. 'm', 'paused')
  for i = 1, #meta, 2 do
    local type = string.match(meta[i], '^w(.+)$')
    if type then call(type) end
  end
  return 1
end
local function over(id, kind)
  local failures, losses = string.match(redis.call('HGET', p .. 't', id) or '', '^(%d+)|(%d+)|')
  redis.call('DEL', p .. 'j:' .. id, p .. 'h:' .. id)
  redis.call('HDEL', p .. 't', id)
  redis.call('ZADD', p .. (kind == 'g' and 'eg' or 'ec'), now, id)
  redis.call('HSET', p .. 'e', id,
    'k|' .. tonumber(failures or 0) + tonumber(losses or 0) .. '|' .. now .. '|cancelled by an operator')
end
if action == 'drain' then
  local left = tonumber(ARGV[3])
  for i = 1, #meta, 2 do
    local type = string.match(meta[i], '^w(.+)$')
    for priority in string.gmatch(type and meta[i + 1] or '', '%d') do
      local ids = left > 0 and redis.call('RPOP', p .. 'w:' .. priority .. ':' .. type, left) or {}
      for n = 1, #ids do
        local id = string.match(ids[n], '^(.*)|$') or ids[n]
        over(id, string.sub(redis.call('GETRANGE', p .. 'j:' .. id, 1, 1), 1, 1))
      end
      left = left - #ids
    end
  end
  return tonumber(ARGV[3]) - left
end
local id = ARGV[3]
local priority, kind, type =
  string.match(redis.call('GETRANGE', p .. 'j:' .. id, 0, 99), '^(%d)(%a)%d%d%d([^ \n]+)')
if action == 'remove' then
  local workers = redis.call('ZRANGE', p .. 'l', 0, -1)
  for i = 1, #workers do
    if redis.call('HEXISTS', p .. 'o:' .. workers[i], id) == 1 then
      return 0
    end
  end
  if priority then
    local ready = p .. 'w:' .. priority .. ':' .. type
    redis.call('LREM', ready, 1, id)
    redis.call('LREM', ready, 1, id .. '|')
  end
  -- With the records of its side effects: a job that gets this id next has done nothing yet.
  local there = redis.call('DEL', p .. 'j:' .. id, p .. 'h:' .. id, p .. 'once:' .. id) + redis.call('HDEL', p .. 't', id)
    + redis.call('HDEL', p .. 'e', id)
  for _, set in ipairs({'d', 'f', 'ec', 'eg'}) do
    there = there + redis.call('ZREM', p .. set, id)
  end
  return there > 0 and 1 or 0
end
if not priority then
  return 0
end
local ready = p .. 'w:' .. priority .. ':' .. type
local at = action == 'schedule' and tonumber(ARGV[4])
local function due(time)
  local trouble = redis.call('HGET', p .. 't', id) or '0|0|0|'
  redis.call('HSET', p .. 't', id, (string.match(trouble, '^%d+|%d+|%d+|') or '0|0|0|') .. '@' .. time)
end
if redis.call('ZSCORE', p .. 'd', id) then
  if at and at > now then
    redis.call('ZADD', p .. 'd', at, id)
    due(ARGV[4])
    call(type)
    return 1
  end
  redis.call('ZREM', p .. 'd', id)
  if at then
    due(now)
    redis.call('LPUSH', ready, id .. '|')
    call(type)
  else
    over(id, kind)
  end
  return 1
end
if at and at <= now then
  return (redis.call('LPOS', ready, id) or redis.call('LPOS', ready, id .. '|')) and 1 or 0
end
if redis.call('LREM', ready, 1, id) == 1 or redis.call('LREM', ready, 1, id .. '|') == 1 then
  if at then
    redis.call('ZADD', p .. 'd', at, id)
    due(ARGV[4])
    call(type)
  else
    over(id, kind)
  end
  return 1
end
if at then
  return 0
end
local workers = redis.call('ZRANGE', p .. 'l', 0, -1)
for i = 1, #workers do
  -- Its end is refused from now on, and its worker's next beat learns that a job was cancelled, and asks which.
  if redis.call('HDEL', p .. 'o:' .. workers[i], id) == 1 then
    over(id, kind)
    redis.call('HINCRBY', p .. 'm', 'cancels', 1)
    return 1
  end
end
return 0
