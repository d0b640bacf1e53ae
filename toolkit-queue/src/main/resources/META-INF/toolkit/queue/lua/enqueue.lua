-- Adds jobs, each at most once by its id.
-- KEYS     1 prefix of the queue's keys, tq:{name}:  2 the same and a dash; neither exists as a key
-- ARGV     per job three values: id, delay in ms (0 = ready now), envelope
-- returns  per job: 1 added, or put back since it was in no list any more; 0 there already; 2 ended already and still
--          remembered
-- cost     5 commands a job, 8 more for one that is there already, of which one looks through up to 1,000 ids; at most
--          1,000 jobs a call
-- retry    safe: a second run finds the ids and answers 0
local p = KEYS[1]
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local out, wake = {}, false
-- A Redis that evicted a list, or an operator, may have left an envelope that nothing leads to: it would be there
-- already for ever. In a list of more than 1,000 a job counts as found.
local function unlisted(id)
  if redis.call('HEXISTS', p .. 'r', id) == 1 or redis.call('HEXISTS', p .. 'e', id) == 1
      or redis.call('ZSCORE', p .. 'l', id) or redis.call('ZSCORE', p .. 'd', id) or redis.call('ZSCORE', p .. 'f', id) then
    return false
  end
  local ready = p .. 'w:' .. redis.call('GETRANGE', p .. 'j:' .. id, 0, 0)
  return redis.call('LLEN', ready) <= 1000 and not redis.call('LPOS', ready, id)
end
for i = 1, #ARGV, 3 do
  local id, delay, envelope = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2]
  local forgotten = redis.call('ZSCORE', p .. 'ex', id)
  if redis.call('EXISTS', p .. 'j:' .. id) == 1 and not unlisted(id) then
    out[#out + 1] = 0
  elseif forgotten and tonumber(forgotten) > now then
    out[#out + 1] = 2
  else
    if forgotten then
      redis.call('ZREM', p .. 'ex', id)
      redis.call('HDEL', p .. 'e', id)
    end
    redis.call('SET', p .. 'j:' .. id, envelope)
    if delay > 0 then
      redis.call('ZADD', p .. 'd', now + delay, id)
    else
      redis.call('LPUSH', p .. 'w:' .. string.sub(envelope, 1, 1), id)
    end
    out[#out + 1] = 1
    wake = true
  end
end
if wake then
  redis.call('ZADD', p .. 'k', 0, '0')
end
return out
