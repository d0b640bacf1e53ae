-- Ends jobs, makes due ones ready and claims more: a worker's whole work in one round trip.
-- KEYS     1 prefix of the queue's keys, tq:{name}:  2 the same and a dash; neither exists as a key
-- ARGV     1 worker  2 lease in ms  3 most jobs to claim  4 epoch of this claim
--          5 most bytes of jobs to claim: no job more once there are as many
--          6 how long ended ids given by callers are remembered, ms  7 the same for generated ids, ms
--          then per job to end five values: id, epoch it was claimed in, outcome, delay in ms, note
--          outcome: c completed, r retry after delay (counts as failure), s snooze for delay (does not), u as s: unreadable,
--                   d dead, b back to the head of its list (counts as nothing)
-- returns  {ms until the next delayed job or -1, 1 if ready jobs remain else 0,
--           {per job to end: 1 ended, 0 not this claim's any more}, {per claimed job: id, failures, crashes, envelope}}
-- cost     about 9 commands a job ended, 6 a job claimed, 13 fixed; at most 1,000 of each
-- retry    safe: jobs already ended are found ended by the same claim; jobs claimed by a lost reply are returned by beat
local p = KEYS[1]
local worker, lease, most, epoch = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local most_bytes = tonumber(ARGV[5])
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local ended = {}
for i = 8, #ARGV, 5 do
  local id, fence, outcome, delay, note = ARGV[i], worker .. '|' .. ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]
  local envelope = false
  if redis.call('HGET', p .. 'r', id) == fence then
    envelope = redis.call('GET', p .. 'j:' .. id)
    redis.call('HDEL', p .. 'r', id)
    redis.call('ZREM', p .. 'l', id)
  end
  if envelope then
    ended[#ended + 1] = 1
    if outcome == 'c' or outcome == 'd' then
      local attempts = (tonumber(redis.call('HGET', p .. 't', id)) or 0) + (tonumber(redis.call('HGET', p .. 'x', id)) or 0) + 1
      redis.call('HSET', p .. 'e', id, outcome .. '|' .. attempts .. '|' .. now .. '|' .. fence .. '|' .. note)
      if outcome == 'c' then
        redis.call('DEL', p .. 'j:' .. id)
        redis.call('HDEL', p .. 't', id)
        redis.call('HDEL', p .. 'x', id)
        local keep = string.sub(envelope, 2, 2) == 'c' and ARGV[6] or ARGV[7]
        redis.call('ZADD', p .. 'ex', now + keep, id)
      else
        redis.call('ZADD', p .. 'f', now, id)
      end
    elseif outcome == 'b' then
      redis.call('RPUSH', p .. 'w:' .. string.sub(envelope, 1, 1), id)
    else
      if outcome == 'r' then
        redis.call('HINCRBY', p .. 't', id, 1)
      end
      redis.call('ZADD', p .. 'd', now + delay, id)
    end
  else
    local end_of_it = redis.call('HGET', p .. 'e', id)
    ended[#ended + 1] = (end_of_it and string.find(end_of_it, '|' .. fence .. '|', 1, true)) and 1 or 0
  end
end
-- Remembered ends are forgotten at the pace at which they grow.
if #ended > 0 then
  local old = redis.call('ZRANGEBYSCORE', p .. 'ex', '-inf', now, 'LIMIT', 0, 2 * #ended)
  for i = 1, #old do
    redis.call('ZREM', p .. 'ex', old[i])
    redis.call('HDEL', p .. 'e', old[i])
  end
end
local due = redis.call('ZRANGEBYSCORE', p .. 'd', '-inf', now, 'LIMIT', 0, 1000)
for i = 1, #due do
  local id = due[i]
  redis.call('ZREM', p .. 'd', id)
  local priority = redis.call('GETRANGE', p .. 'j:' .. id, 0, 0)
  if priority ~= '' then
    redis.call('LPUSH', p .. 'w:' .. priority, id)
  end
end
local jobs = {}
local paused = redis.call('HEXISTS', p .. 'm', 'paused') == 1
local left, bytes = most, 0
for priority = 0, 9 do
  while left > 0 and bytes < most_bytes and not paused do
    local id = redis.call('RPOP', p .. 'w:' .. priority)
    if not id then break end
    local envelope = redis.call('GET', p .. 'j:' .. id)
    if envelope then
      redis.call('HSET', p .. 'r', id, worker .. '|' .. epoch)
      redis.call('ZADD', p .. 'l', now + lease, id)
      jobs[#jobs + 1] = id
      jobs[#jobs + 1] = redis.call('HGET', p .. 't', id) or '0'
      jobs[#jobs + 1] = redis.call('HGET', p .. 'x', id) or '0'
      jobs[#jobs + 1] = envelope
      left = left - 1
      bytes = bytes + #envelope
    end
  end
end
local more = redis.call('EXISTS', p .. 'w:0', p .. 'w:1', p .. 'w:2', p .. 'w:3', p .. 'w:4',
  p .. 'w:5', p .. 'w:6', p .. 'w:7', p .. 'w:8', p .. 'w:9') > 0 and not paused
if more then
  redis.call('ZADD', p .. 'k', 0, '0')
end
local first = redis.call('ZRANGE', p .. 'd', 0, 0, 'WITHSCORES')
local wait = -1
if first[2] then
  wait = math.max(0, tonumber(first[2]) - now)
end
return {wait, more and 1 or 0, ended, jobs}
