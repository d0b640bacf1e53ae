-- Tells where a job is.
-- KEYS     1 prefix of the queue's keys, tq:{name}:  2 the same and a dash; neither exists as a key
-- ARGV     1 id
-- returns  {state, attempts, ended at in ms or 0, note}, state '' if the job is not known:
--          waiting, delayed, active, retry, completed, dead
-- cost     at most 7 commands
local p, id = KEYS[1], ARGV[1]
local over = redis.call('HGET', p .. 'e', id)
if over then
  local outcome, attempts, at, rest = string.match(over, '^(%a)|(%d+)|(%d+)|(.*)$')
  local note = string.match(rest, '^[^|]*|[^|]*|(.*)$') or ''
  return {outcome == 'c' and 'completed' or 'dead', tonumber(attempts), tonumber(at), note}
end
local failures = tonumber(redis.call('HGET', p .. 't', id)) or 0
local crashes = tonumber(redis.call('HGET', p .. 'x', id)) or 0
if redis.call('HEXISTS', p .. 'r', id) == 1 then
  return {'active', failures + crashes + 1, 0, ''}
end
if redis.call('ZSCORE', p .. 'd', id) then
  return {failures > 0 and 'retry' or 'delayed', failures + crashes, 0, ''}
end
if redis.call('EXISTS', p .. 'j:' .. id) == 1 then
  return {failures > 0 and 'retry' or 'waiting', failures + crashes, 0, ''}
end
return {'', 0, 0, ''}
