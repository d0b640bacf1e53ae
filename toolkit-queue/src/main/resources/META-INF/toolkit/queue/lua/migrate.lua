-- Brings the data to a newer version, once no older worker holds a lease.
-- KEYS     1 prefix of the queue's keys, q:{name}:  2 the same and a dash; neither exists as a key
-- ARGV     1 data version of this process
-- returns  the data's version from now on: that of this process, a newer one, or the older one while older workers run
-- cost     5 commands, and 1 a worker; 1 if there is nothing to do
-- retry    safe
local p, version = KEYS[1], tonumber(ARGV[1])
local v = tonumber(redis.call('HGET', p .. 'm', 'v') or ARGV[1])
if v >= version then
  return v
end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local workers = redis.call('ZRANGEBYSCORE', p .. 'l', '(' .. now, '+inf')
for i = 1, #workers do
  local registration = redis.call('HGET', p .. 'o:' .. workers[i], '')
  if (tonumber(string.match(registration or '', '^(%d+)')) or 0) < version then
    return v
  end
end
-- A full Redis lets a script write whose first write frees memory.
redis.call('DEL', KEYS[2])
-- Version 1 is the first: there is nothing to move yet.
redis.call('HSET', p .. 'm', 'v', ARGV[1])
return version
