-- Counts jobs by state.
-- KEYS     1 prefix of the queue's keys, q:{name}:  2 the same and a dash; neither exists as a key
-- ARGV     1 data version
-- returns  {waiting, delayed (retries among them), active, dead, ended and remembered}
--          Error TQVERSION and the data's version if that is another
-- cost     6 commands, 1 more for each list and each worker
local p = KEYS[1]
local meta = redis.call('HGETALL', p .. 'm')
local waiting = 0
for i = 1, #meta, 2 do
  if meta[i] == 'v' and meta[i + 1] ~= ARGV[1] then
    return redis.error_reply('TQVERSION ' .. meta[i + 1])
  end
  local type = string.match(meta[i], '^w(.+)$')
  if type then
    for priority in string.gmatch(meta[i + 1], '%d') do
      waiting = waiting + redis.call('LLEN', p .. 'w:' .. priority .. ':' .. type)
    end
  end
end
local active = 0
local workers = redis.call('ZRANGE', p .. 'l', 0, -1)
for i = 1, #workers do
  local fields = redis.call('HMGET', p .. 'o:' .. workers[i], '', '@')
  active = active + redis.call('HLEN', p .. 'o:' .. workers[i]) - (fields[1] and 1 or 0) - (fields[2] and 1 or 0)
end
return {waiting, redis.call('ZCARD', p .. 'd'), active, redis.call('ZCARD', p .. 'f'),
  redis.call('ZCARD', p .. 'ec') + redis.call('ZCARD', p .. 'eg')}
