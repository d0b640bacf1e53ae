-- Takes a worker that is closed off the queue's books, unless it holds jobs still: those are taken over when its lease
-- ends.
-- KEYS     1 prefix of the queue's keys, q:{name}:  2 the same and a dash; neither exists as a key
-- ARGV     1 data version  2 worker
-- returns  1 done, 0 it holds jobs. Error TQVERSION and the data's version if that is another: nothing is changed then
-- cost     5 commands
-- retry    safe
local p, worker = KEYS[1], ARGV[2]
local v = redis.call('HGET', p .. 'm', 'v')
if v and v ~= ARGV[1] then
  return redis.error_reply('TQVERSION ' .. v)
end
redis.call('SREM', p .. 'i', worker)
local fields = redis.call('HLEN', p .. 'o:' .. worker)
if fields > 2 then
  return 0
end
redis.call('DEL', p .. 'o:' .. worker)
redis.call('ZREM', p .. 'l', worker)
return 1
