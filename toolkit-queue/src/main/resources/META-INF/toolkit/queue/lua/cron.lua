-- Keeps schedules, and enqueues the jobs of slots that are due.
-- KEYS     1 prefix of the queue's keys, q:{name}:  2 the same and a dash; neither exists as a key
-- ARGV     1 data version
--          2 'due', then 3 how many to skip, 4 most: the schedules whose slots are due, the longest due first
--          or 2 'get', then 3 id
--          or 2 'list', then 3 how many to skip, 4 most: in the order of their ids; or 2 'show', then 3 id
--          or 2 'put', then 3 id, 4 its plan, one line without a newline, 5 its job's envelope, 6 its next slot in ms:
--          keeps the next slot of a schedule with the same timing, the first field of its plan, and a paused one paused
--          or 2 'pause', 'remove', then 3 id
--          or 2 'resume', then 3 id, 4 the plan that it must have, 5 its next slot in ms
--          or 2 'fire', then 3 id, 4 the plan and 5 the slot that it must have, 6 its next slot in ms, 7 how long ended
--          ids given by callers are remembered, ms, then per job two values: its id; what its envelope has at the end of
--          its first line
-- returns  due: {the time of Redis in ms; ms until the next slot that is not due yet or -1; {per schedule: id, plan, slot}}
--          get: {the time of Redis in ms; plan, or '' if there is none; slot, or -1 if it is paused or there is none}
--          list, show: {per schedule: id, plan, first line of its job's envelope with its
--          newline, next slot in ms or -1, the
--          last job that was enqueued or ''}
--          put: 1 new, 2 changed, 0 it is so already
--          pause, remove: 1 done, 0 there is none, or it is paused already
--          resume: 1 done, 2 it is not paused, 0 it has another plan or there is none
--          fire: {1 done, else 0: it is not due by the clock of Redis, or another process was first, or it was changed,
--          paused or removed; how many jobs were added}
--          Error TQVERSION and the data's version if that is another: nothing is changed then
-- cost     due: 5 commands, 1 a schedule; fire: 9, and 3 a job; list: 1 command for all ids, 3 a schedule; else at most 7
-- retry    safe; but what a lost reply told is not told again
local p, action = KEYS[1], ARGV[2]
local v = redis.call('HGET', p .. 'm', 'v')
if v and v ~= ARGV[1] then
  return redis.error_reply('TQVERSION ' .. v)
end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local function plan_of(record)
  return string.match(record or '', '^([^\n]*)\n') or ''
end
if action == 'due' then
  local ids = redis.call('ZRANGEBYSCORE', p .. 'cs', '-inf', now, 'WITHSCORES', 'LIMIT', ARGV[3], ARGV[4])
  local due = {}
  for i = 1, #ids, 2 do
    due[#due + 1] = ids[i]
    due[#due + 1] = plan_of(redis.call('HGET', p .. 'c', ids[i]))
    due[#due + 1] = math.floor(tonumber(ids[i + 1]))
  end
  local first = redis.call('ZRANGEBYSCORE', p .. 'cs', '(' .. now, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  return {now, first[2] and tonumber(first[2]) - now or -1, due}
end
local id = ARGV[3]
if action == 'get' then
  local slot = redis.call('ZSCORE', p .. 'cs', id)
  return {now, plan_of(redis.call('HGET', p .. 'c', id)), tonumber(slot or -1)}
end
if action == 'list' or action == 'show' then
  local ids, from, to, listed = {id}, 1, 1, {}
  if action == 'list' then
    ids = redis.call('HKEYS', p .. 'c')
    table.sort(ids)
    from, to = ARGV[3] + 1, math.min(#ids, ARGV[3] + ARGV[4])
  end
  for i = from, to do
    local record = redis.call('HGET', p .. 'c', ids[i])
    if record then
      local plan, head = string.match(record, '^([^\n]*)\n([^\n]*)')
      listed[#listed + 1] = ids[i]
      listed[#listed + 1] = plan or ''
      listed[#listed + 1] = (head or '') .. '\n'
      listed[#listed + 1] = tonumber(redis.call('ZSCORE', p .. 'cs', ids[i]) or -1)
      listed[#listed + 1] = redis.call('HGET', p .. 'cl', ids[i]) or ''
    end
  end
  return listed
end
if action == 'pause' or action == 'remove' then
  -- A full Redis lets a script write whose first write frees memory.
  local done = redis.call('ZREM', p .. 'cs', id)
  if action == 'remove' then
    done = math.max(done, redis.call('HDEL', p .. 'c', id))
    redis.call('HDEL', p .. 'cl', id)
  end
  return done
end
local record = redis.call('HGET', p .. 'c', id)
if action == 'put' then
  local new = ARGV[4] .. '\n' .. ARGV[5]
  if record == new then
    return 0
  end
  if not v then
    redis.call('HSET', p .. 'm', 'v', ARGV[1])
  end
  redis.call('HSET', p .. 'c', id, new)
  local timing = string.match(plan_of(record), '^%S*')
  if not record or timing ~= string.match(ARGV[4], '^%S*') and redis.call('ZSCORE', p .. 'cs', id) then
    redis.call('ZADD', p .. 'cs', ARGV[6], id)
  end
  -- Beats look for slots from now on.
  redis.call('HSET', p .. 'm', 'c', '1')
  return record and 2 or 1
end
if not record or plan_of(record) ~= ARGV[4] then
  return action == 'fire' and {0, 0} or 0
end
local slot = redis.call('ZSCORE', p .. 'cs', id)
if action == 'resume' then
  if slot then
    return 2
  end
  redis.call('ZADD', p .. 'cs', ARGV[5], id)
  return 1
end
if not slot or math.floor(tonumber(slot)) ~= tonumber(ARGV[5]) or tonumber(slot) > now then
  return {0, 0}
end
redis.call('ZADD', p .. 'cs', ARGV[6], id)
local head, payload = string.match(record, '^[^\n]*\n([^\n]*)\n(.*)$')
if not head then
  return {1, 0}
end
local priority, type = string.match(head, '^(%d)%a%d%d%d([^ \n]+)')
local new, length = {}, 0
for i = 8, #ARGV, 2 do
  local job, over = ARGV[i], false
  local ended = redis.call('ZSCORE', p .. 'ec', job)
  if ended then
    over = tonumber(ended) + tonumber(ARGV[7]) > now
    if not over then
      redis.call('ZREM', p .. 'ec', job)
      redis.call('HDEL', p .. 'e', job)
    end
  end
  local envelope = head .. ARGV[i + 1] .. '\n' .. payload
  if not over and redis.call('SET', p .. 'j:' .. job, envelope, 'NX') then
    new[#new + 1] = job
    length = #envelope
  end
end
if #new > 0 then
  local meta = redis.call('HMGET', p .. 'm', 'w' .. type, 'n')
  local before = meta[1] or ''
  local used = string.find(before, priority, 1, true) and before or before .. priority
  if length > 16384 and not string.find(used, 'L', 1, true) then
    used = used .. 'L'
  end
  if used ~= before then
    redis.call('HSET', p .. 'm', 'w' .. type, used)
  end
  redis.call('LPUSH', p .. 'w:' .. priority .. ':' .. type, unpack(new))
  redis.call('ZADD', p .. 'k:' .. type, 0, '0')
  -- Who may not publish must not fail for that: the beats of workers look.
  if meta[2] then redis.pcall('PUBLISH', p .. 'n', type) end
  redis.call('HSET', p .. 'cl', id, new[#new])
end
return {1, #new}
