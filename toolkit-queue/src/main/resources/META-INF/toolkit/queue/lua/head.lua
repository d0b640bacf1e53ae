-- Tells what a job was enqueued with, but for its payload, and who has it.
-- KEYS     1 prefix of the queue's keys, q:{name}:  2 the same and a dash; neither exists as a key
-- ARGV     1 data version  2 id
-- returns  {the first line of its envelope, '' if it has none any more or it is no job; bytes of its payload; when it is due
--           in ms, if it is delayed, else 0; the worker that runs it or ''}
--          Error TQVERSION and the data's version if that is another
-- cost     4 commands, and 1 a worker
local p, id = KEYS[1], ARGV[2]
local v = redis.call('HGET', p .. 'm', 'v')
if v and v ~= ARGV[1] then
  return redis.error_reply('TQVERSION ' .. v)
end
-- Headers have at most 8,192 bytes, each of which may be escaped by three.
local line = string.match(redis.call('GETRANGE', p .. 'j:' .. id, 0, 32767), '^([^\n]*)\n')
local due = redis.call('ZSCORE', p .. 'd', id)
local owner = ''
local workers = due and {} or redis.call('ZRANGE', p .. 'l', 0, -1)
for i = 1, #workers do
  if redis.call('HEXISTS', p .. 'o:' .. workers[i], id) == 1 then owner = workers[i] end
end
return {line or '', line and redis.call('STRLEN', p .. 'j:' .. id) - #line - 1 or 0, tonumber(due or 0), owner}
