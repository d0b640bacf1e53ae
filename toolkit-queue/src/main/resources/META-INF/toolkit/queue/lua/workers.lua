-- Lists the workers of a queue.
-- KEYS     1 prefix of the queue's keys, q:{name}:  2 the same and a dash; neither exists as a key
-- ARGV     1 data version
-- returns  {per worker: name; its registration, as in beat.lua, or '' if others are taking over the last of its jobs; when
--           its lease ends in ms; how many jobs it holds; 1 if it has nothing to run and free slots, else 0}: the one whose
--           lease ends first first. Error TQVERSION and the data's version if that is another
-- cost     2 commands, and 3 a worker
local p = KEYS[1]
local v = redis.call('HGET', p .. 'm', 'v')
if v and v ~= ARGV[1] then
  return redis.error_reply('TQVERSION ' .. v)
end
local out = {}
local workers = redis.call('ZRANGE', p .. 'l', 0, -1, 'WITHSCORES')
for i = 1, #workers, 2 do
  local fields = redis.call('HMGET', p .. 'o:' .. workers[i], '', '@')
  local held = redis.call('HLEN', p .. 'o:' .. workers[i]) - (fields[1] and 1 or 0) - (fields[2] and 1 or 0)
  out[#out + 1] = workers[i]
  out[#out + 1] = fields[1] or ''
  out[#out + 1] = tonumber(workers[i + 1])
  out[#out + 1] = held
  out[#out + 1] = redis.call('SISMEMBER', p .. 'i', workers[i])
end
return out
