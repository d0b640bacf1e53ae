-- Counts jobs by state.
-- KEYS     1 prefix of the queue's keys, tq:{name}:  2 the same and a dash; neither exists as a key
-- returns  {waiting, delayed (retries among them), active, dead, remembered as completed}
-- cost     14 commands, none of which grows with the queue
local p = KEYS[1]
local waiting = 0
for priority = 0, 9 do
  waiting = waiting + redis.call('LLEN', p .. 'w:' .. priority)
end
return {waiting, redis.call('ZCARD', p .. 'd'), redis.call('HLEN', p .. 'r'), redis.call('ZCARD', p .. 'f'),
  redis.call('ZCARD', p .. 'ex')}
