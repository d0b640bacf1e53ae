-- Keeps schedules, and enqueues the jobs of slots that are due.
-- KEYS     1 prefix of the queue's keys, q:{name}:  2 the same and a dash; neither exists as a key
-- ARGV     1 data version
--          2 'due', then 3 how many to skip, 4 most: the schedules whose slots are due, the longest due first
--          or 2 'get', then 3 id
--          or 2 'list', then 3 how many to skip, 4 most: in the order of their ids; or 2 'show', then 3 id
--          or 2 'put', then 3 id, 4 its plan, one line without a newline, 5 its job's envelope, 6 its next slot in ms:
--          keeps the next slot of a schedule with the same timing, the first field of its plan, and a paused one paused;
--          brings back what is lost of it; 7 1 to replace another timing also if its slot is due
--          or 2 'pause', 'remove', then 3 id
--          or 2 'resume', then 3 id, 4 the plan that it must have, 5 its next slot in ms
--          or 2 'fire', then 3 id, 4 the plan and 5 the slot that it must have, 6 its next slot in ms, 7 how long ended
--          ids given by callers are remembered, ms, 8 what its jobs' envelopes have after their type, then per job three
--          values: its id; its slot in ms; what its envelope has at the end of its first line
-- returns  due: {the time of Redis in ms; ms until the next slot that is not due yet or -1; {per schedule: id, plan or '' if
--          it or the first line of its job's envelope is damaged, slot}; 1 if there may be more, else 0}
--          get: {the time of Redis in ms; plan, or '' if there is none; slot, or -1 if it is paused or there is none}
--          list, show: {per schedule: id, plan, first line of its job's envelope with its
--          newline, next slot in ms or -1, the
--          last job that was enqueued or ''; at last 1 if it has more of what was asked for, else 0}
--          put: 1 new, 2 changed or its lost slot is back, 0 it is so already, 3 nothing: its slot is due by another timing
--          pause, remove: 1 done, 0 there is none, or it is paused already
--          resume: 1 done, 2 it is not paused, 0 it has another plan or there is none
--          fire: {1 done, else 0: it is not due by the clock of Redis, or another process was first, or it was changed,
--          paused or removed, or it is damaged; how many jobs were added}
--          Error TQVERSION and the data's version if that is another: nothing is changed then
-- cost     due: 5 commands, 1 a schedule; fire: 11, and 2 to 4 a job; list: 1 command for all ids, 3 a schedule; else at
--          most 9. due and list end once they have read 1 MiB, fire adds jobs of 1 MiB together, but each does one: what is
--          left goes with the next
-- retry    safe; but what a lost reply told is not told again
local p, action, most_bytes = KEYS[1], ARGV[2], 1048576
local v = redis.call('HGET', p .. 'm', 'v')
if v and v ~= ARGV[1] then
  return redis.error_reply('TQVERSION ' .. v)
end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local function plan_of(record)
  return string.match(record or '', '^([^\n]*)\n') or ''
end
-- A paused one has no slot ever; one without any has lost it.
local function slot_of(schedule)
  local score = redis.call('ZSCORE', p .. 'cs', schedule)
  return score and score ~= 'inf' and tonumber(score), score == 'inf'
end
-- Returns the priority and type of its job, and where its plan and its job's first line end; nil if it is damaged.
local function job_of(record)
  local start, _, priority, type = string.find(record or '', '^[^\n]*\n(%d)%a%d%d%d([^ \n]+)')
  local line = start and string.find(record, '\n', 1, true)
  local last = line and string.find(record, '\n', line + 1, true)
  return last and priority, type, line, last
end
if action == 'due' then
  local ids = redis.call('ZRANGEBYSCORE', p .. 'cs', '-inf', now, 'WITHSCORES', 'LIMIT', ARGV[3], ARGV[4])
  local due, bytes, more = {}, 0, #ids == 2 * ARGV[4]
  for i = 1, #ids, 2 do
    if bytes >= most_bytes then
      more = true
      break
    end
    local record = redis.call('HGET', p .. 'c', ids[i]) or ''
    bytes = bytes + #record
    due[#due + 1] = ids[i]
    due[#due + 1] = job_of(record) and plan_of(record) or ''
    due[#due + 1] = math.floor(tonumber(ids[i + 1]))
  end
  local first = redis.call('ZRANGEBYSCORE', p .. 'cs', '(' .. now, '(+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  return {now, first[2] and tonumber(first[2]) - now or -1, due, more and 1 or 0}
end
local id = ARGV[3]
if action == 'get' then
  return {now, plan_of(redis.call('HGET', p .. 'c', id)), slot_of(id) or -1}
end
if action == 'list' or action == 'show' then
  local ids, from, to, listed, bytes, more = {id}, 1, 1, {}, 0, 0
  if action == 'list' then
    ids = redis.call('HKEYS', p .. 'c')
    table.sort(ids)
    from, to = ARGV[3] + 1, math.min(#ids, ARGV[3] + ARGV[4])
  end
  for i = from, to do
    if bytes >= most_bytes then
      more = 1
      break
    end
    local record = redis.call('HGET', p .. 'c', ids[i])
    if record then
      local plan, head = string.match(record, '^([^\n]*)\n([^\n]*)')
      bytes = bytes + #record
      listed[#listed + 1] = ids[i]
      listed[#listed + 1] = plan or ''
      listed[#listed + 1] = (head or '') .. '\n'
      listed[#listed + 1] = slot_of(ids[i]) or -1
      listed[#listed + 1] = redis.call('HGET', p .. 'cl', ids[i]) or ''
    end
  end
  listed[#listed + 1] = more
  return listed
end
if action == 'pause' or action == 'remove' then
  local _, paused = slot_of(id)
  if action == 'pause' and paused then
    return 0
  end
  -- A full Redis lets a script write whose first write frees memory.
  local done = redis.call('ZREM', p .. 'cs', id)
  if action == 'remove' then
    done = math.max(done, redis.call('HDEL', p .. 'c', id))
    redis.call('HDEL', p .. 'cl', id)
  elseif redis.call('HEXISTS', p .. 'c', id) == 1 then
    redis.call('ZADD', p .. 'cs', '+inf', id)
    done = 1
  end
  return done
end
local record = redis.call('HGET', p .. 'c', id)
local slot, paused = slot_of(id)
if action == 'put' then
  local new = ARGV[4] .. '\n' .. ARGV[5]
  local other = string.match(plan_of(record), '^%S*') ~= string.match(ARGV[4], '^%S*')
  if other and slot and slot <= now and ARGV[7] ~= '1' and job_of(record) then
    return 3
  end
  if not v then
    redis.call('HSET', p .. 'm', 'v', ARGV[1])
  end
  local anew = not record or not paused and (other or not slot)
  if record ~= new then
    redis.call('HSET', p .. 'c', id, new)
  end
  if anew then
    redis.call('ZADD', p .. 'cs', ARGV[6], id)
  end
  -- Beats look for slots from now on.
  redis.call('HSETNX', p .. 'm', 'c', '1')
  return not record and 1 or (anew or record ~= new) and 2 or 0
end
if not record or plan_of(record) ~= ARGV[4] then
  return action == 'fire' and {0, 0} or 0
end
if action == 'resume' then
  if slot then
    return 2
  end
  redis.call('ZADD', p .. 'cs', ARGV[5], id)
  return 1
end
-- All that may be damaged is read before the slot moves.
local priority, type, line, last = job_of(record)
if not priority or not slot or math.floor(slot) ~= tonumber(ARGV[5]) or slot > now then
  return {0, 0}
end
local most = math.min((#ARGV - 8) / 3, math.max(1, math.floor(most_bytes / #record)))
local meta, ended = redis.call('HMGET', p .. 'm', 'w' .. type, 'n'), {}
for i = 1, most do
  ended[i] = redis.call('ZSCORE', p .. 'ec', ARGV[6 + 3 * i])
end
redis.call('ZADD', p .. 'cs', ARGV[10 + 3 * most] or ARGV[6], id)
local fields = line + 5 + #type
local head = string.sub(record, line + 1, fields) .. ARGV[8] .. string.sub(record, fields + 1, last - 1)
local payload = string.sub(record, last)
local new, length = {}, 0
for i = 1, most do
  local job = ARGV[6 + 3 * i]
  local over = ended[i] and tonumber(ended[i]) + tonumber(ARGV[7]) > now
  if ended[i] and not over then
    redis.call('ZREM', p .. 'ec', job)
    redis.call('HDEL', p .. 'e', job)
  end
  local envelope = head .. ARGV[8 + 3 * i] .. payload
  if not over and redis.call('SET', p .. 'j:' .. job, envelope, 'NX') then
    new[#new + 1] = job
    length = #envelope
  end
end
if #new > 0 then
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
