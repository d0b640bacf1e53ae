-- Records a side effect of a job.
-- KEYS     1 the job's records, q:{name}:once:id: one key alone, which a slot that moves serves where it is
-- ARGV     1 name of the effect  2 how long the records are kept from now on, ms
-- returns  1 recorded, 0 it was already
-- cost     4 commands
-- retry    safe
-- A full Redis lets a script write whose first write frees memory: an effect that is not recorded is repeated.
-- A string is what was kept before effects had names: of the one effect of a job.
if redis.call('TYPE', KEYS[1]).ok == 'string' then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'effect', '')
end
local before = redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HSET', KEYS[1], ARGV[1], '')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1 - before
