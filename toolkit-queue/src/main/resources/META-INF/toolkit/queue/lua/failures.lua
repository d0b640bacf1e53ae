-- Returns what is kept of a job's failed runs.
-- KEYS     1 prefix of the queue's keys, q:{name}:  2 the same and a dash; neither exists as a key
-- ARGV     1 data version  2 id
-- returns  {per failed run, the first one first, at most 10: time in ms|attempt|class of what was thrown or '', then
--          lines: message, and each frame}. Error TQVERSION and the data's version if that is another
-- cost     2 commands
local p = KEYS[1]
local v = redis.call('HGET', p .. 'm', 'v')
if v and v ~= ARGV[1] then
  return redis.error_reply('TQVERSION ' .. v)
end
return redis.call('LRANGE', p .. 'h:' .. ARGV[2], 0, -1)
