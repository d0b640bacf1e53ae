-- Tells where a job is.
-- KEYS     1 prefix of the queue's keys, q:{name}:  2 the same and a dash; neither exists as a key
-- ARGV     1 data version  2 id
-- returns  {state, attempts, ended at in ms or 0, note}, state '' if the job is not known:
--          waiting, delayed, active, retry, completed, cancelled, dead. Error TQVERSION and the data's version if that is another
-- cost     at most 8 commands, and 1 a worker
local p, id = KEYS[1], ARGV[2]
local v = redis.call('HGET', p .. 'm', 'v')
if v and v ~= ARGV[1] then
  return redis.error_reply('TQVERSION ' .. v)
end
local over = redis.call('HGET', p .. 'e', id)
if over then
  local outcome, attempts, at, note = string.match(over, '^(%a)|(%d+)|(%d+)|(.*)$')
  if outcome then
    return {outcome == 'c' and 'completed' or outcome == 'k' and 'cancelled' or 'dead', tonumber(attempts), tonumber(at), note}
  end
end
local at = redis.call('ZSCORE', p .. 'ec', id) or redis.call('ZSCORE', p .. 'eg', id)
if at then
  return {'completed', 1, tonumber(at), ''}
end
local failures, losses = string.match(redis.call('HGET', p .. 't', id) or '', '^(%d+)|(%d+)|')
failures, losses = tonumber(failures or 0), tonumber(losses or 0)
if redis.call('ZSCORE', p .. 'd', id) then
  return {failures > 0 and 'retry' or 'delayed', failures + losses, 0, ''}
end
if redis.call('EXISTS', p .. 'j:' .. id) == 0 then
  return {'', 0, 0, ''}
end
local workers = redis.call('ZRANGE', p .. 'l', 0, -1)
for i = 1, #workers do
  if redis.call('HEXISTS', p .. 'o:' .. workers[i], id) == 1 then
    return {'active', failures + losses + 1, 0, ''}
  end
end
return {failures > 0 and 'retry' or 'waiting', failures + losses, 0, ''}
