-- Renews a worker's lease, returns jobs whose claim it never heard of, and takes over the jobs of workers whose leases
-- have ended.
-- KEYS     1 prefix of the queue's keys, q:{name}:  2 the same and a dash; neither exists as a key
-- ARGV     1 data version  2 worker  3 its registration: data version|name| type |…, a space round each type
--          4 lease in ms  5 1 if this worker could not reach Redis for most of a lease, else 0; the same is seen by its
--          last beat: then the others, who may not have reached it either, get a lease more, and nothing is taken over
--          6 crashes after which a job is dead  7 how long dead jobs are kept, ms  8 most dead jobs kept
--          9 how long ended ids given by callers are remembered, ms  10 the same for generated ids, ms
--          11 1 to look for jobs that it may claim, else 0
--          12 1 if it wants wake-up calls published on the channel q:{name}:n, too, else 0. They are until no such worker
--          has sent a beat for two of its leases
--          13 number of epochs whose reply was lost, then these
--          then per claim that the worker has lost two values: id, epoch; a crash counted for it is taken back
-- returns  {1 if the worker was registered, else 0: all claims it had are lost; ms until another worker's lease ends or
--           -1; jobs returned; jobs taken over; bytes of the largest job returned; {types of ready jobs that no worker
--           handles}; {jobs that are dead now, since they took too many workers with them}; 1 if it looked and found
--           a job, else 0; how many jobs it holds; 1 if the queue is paused, else 0; how many active jobs of the queue were
--           ever cancelled: if that has changed, some of the worker's own may be among them; ms until the next slot of a
--           schedule or -1}
--          Error TQVERSION and the data's version if that is another: nothing is changed then
-- cost     15 commands, whatever the worker holds; 1 if there was ever a schedule; 1 if the queue does not tell this
--          retention yet; 1 now and then for published calls; 1 for each list of a type, and 1 a worker if there is one with jobs
--          that it does not handle; 1 for all its claims if a reply was lost; 7 a job returned or taken
--          over (500 at most); 2 a lost claim
-- retry    safe
local p, version, worker, lease = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[4])
local meta, v, paused, published, cancels, made = redis.call('HGETALL', p .. 'm'), false, false, false, 0, false
local scheduled = false
for i = 1, #meta, 2 do
  if meta[i] == 'v' then v = meta[i + 1] end
  if meta[i] == 'paused' then paused = meta[i + 1] == '1' end
  if meta[i] == 'n' then published = tonumber(meta[i + 1]) or 0 end
  if meta[i] == 'cancels' then cancels = tonumber(meta[i + 1]) or 0 end
  if meta[i] == 'made' then made = meta[i + 1] end
  if meta[i] == 'c' then scheduled = true end
end
if v and v ~= version then
  return redis.error_reply('TQVERSION ' .. v)
end
-- A full Redis lets a script write whose first write frees memory.
redis.call('DEL', KEYS[2])
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local own = p .. 'o:' .. worker
local registered = redis.call('HEXISTS', own, '')
local before = redis.call('ZSCORE', p .. 'l', worker)
-- Also a beat that was sent in time, but lay before a silent Redis.
local cut_off = ARGV[5] == '1' or (before and now - (before - lease) > lease * 2 / 3)
redis.call('ZADD', p .. 'l', now + lease, worker)
if registered == 0 then
  redis.call('HSET', own, '', ARGV[3])
end
if not v then
  redis.call('HSET', p .. 'm', 'v', version)
end
if made ~= ARGV[10] then
  redis.call('HSET', p .. 'm', 'made', ARGV[10])
end
if ARGV[12] == '1' and (not published or published < now + lease) then
  published = now + 2 * lease
  redis.call('HSET', p .. 'm', 'n', published)
elseif published and published < now then
  -- Who listened has ended: an enqueue need not publish for nobody.
  published = false
  redis.call('HDEL', p .. 'm', 'n')
end
local function call(type)
  redis.call('ZADD', p .. 'k:' .. type, 0, '0')
  -- Who may not publish must not fail for that: the beats of others look.
  if published then redis.pcall('PUBLISH', p .. 'n', type) end
end

local function ready(id, marked)
  local priority, type = string.match(redis.call('GETRANGE', p .. 'j:' .. id, 0, 99), '^(%d)%a%d%d%d([^ \n]+)')
  if priority then
    redis.call('RPUSH', p .. 'w:' .. priority .. ':' .. type, marked and id .. '|' or id)
    call(type)
  elseif redis.call('EXISTS', p .. 'j:' .. id) == 1 then
    redis.call('HSET', p .. 'e', id, 'd|0|' .. now .. '|the bytes stored under this id are not a job')
    redis.call('ZADD', p .. 'f', now, id)
  else
    redis.call('HDEL', p .. 't', id)
    redis.call('DEL', p .. 'h:' .. id)
  end
end
local function trouble(id)
  local failures, losses, crashes, claim =
    string.match(redis.call('HGET', p .. 't', id) or '', '^(%d+)|(%d+)|(%d+)|(.*)$')
  return tonumber(failures or 0), tonumber(losses or 0), tonumber(crashes or 0), claim or ''
end
local function keep(id, failures, losses, crashes, claim)
  redis.call('HSET', p .. 't', id, failures .. '|' .. losses .. '|' .. crashes .. '|' .. claim)
end

local given_back, largest = 0, 0
local lost_replies = tonumber(ARGV[13])
if lost_replies > 0 then
  local last, epochs = tonumber(redis.call('HGET', own, '@') or 0), {}
  local closed = last
  for i = 14, 13 + lost_replies do
    epochs[ARGV[i]] = true
    closed = math.max(closed, tonumber(ARGV[i]))
  end
  -- A step of such an epoch may still arrive: it claims nothing then.
  redis.call('HSET', own, '@', closed)
  local claims = redis.call('HGETALL', own)
  for i = 1, #claims, 2 do
    local id = claims[i]
    if epochs[claims[i + 1]] and id ~= '' and id ~= '@' then
      redis.call('HDEL', own, id)
      ready(id, redis.call('HEXISTS', p .. 't', id) == 1)
      given_back = given_back + 1
      largest = math.max(largest, redis.call('STRLEN', p .. 'j:' .. id))
    end
  end
end

for i = 14 + lost_replies, #ARGV, 2 do
  local failures, losses, crashes, claim = trouble(ARGV[i])
  if crashes > 0 and claim == worker .. '|' .. ARGV[i + 1] then
    keep(ARGV[i], failures, losses, crashes - 1, '')
  end
end

local taken_over, poison = 0, {}
local expired = redis.call('ZRANGEBYSCORE', p .. 'l', '-inf', now, 'LIMIT', 0, 100)
for n = 1, #expired do
  local owner = expired[n]
  if cut_off then
    redis.call('ZADD', p .. 'l', now + lease, owner)
  elseif taken_over < 500 then
    local theirs, parted = p .. 'o:' .. owner, string.match(owner, '^(.*)~%d+$')
    local at_once = 502 - taken_over
    local claims = redis.call('HRANDFIELD', theirs, at_once, 'WITHVALUES')
    for i = 1, #claims, 2 do
      local id = claims[i]
      if id ~= '' and id ~= '@' then
        local failures, losses, crashes = trouble(id)
        crashes = crashes + 1
        redis.call('HDEL', theirs, id)
        keep(id, failures, losses + 1, crashes, (parted or owner) .. '|' .. claims[i + 1])
        local kept = redis.call('RPUSH', p .. 'h:' .. id,
          now .. '|' .. failures + losses + 1 .. '|\nits worker ' .. (parted or owner) .. ' ended or hung')
        if kept > 10 then redis.call('LTRIM', p .. 'h:' .. id, -10, -1) end
        taken_over = taken_over + 1
        if crashes >= tonumber(ARGV[6]) then
          poison[#poison + 1] = id
          redis.call('HSET', p .. 'e', id, 'p|' .. failures + losses + 1 .. '|' .. now
            .. '|its worker ended or hung ' .. crashes .. ' times')
          redis.call('ZADD', p .. 'f', now, id)
        else
          ready(id, true)
        end
      end
    end
    local all = #claims < 2 * at_once or redis.call('EXISTS', theirs) == 0
    if all then
      redis.call('DEL', theirs)
    elseif not parted then
      -- The next beats take over the rest; its own must not find it registered.
      local rest = owner .. '~' .. now
      redis.call('RENAME', theirs, p .. 'o:' .. rest)
      redis.call('ZADD', p .. 'l', now, rest)
    end
    if all or not parted then
      redis.call('ZREM', p .. 'l', owner)
      redis.call('SREM', p .. 'i', owner)
    end
  end
end

local function forget(kind, kept)
  local old = redis.call('ZRANGEBYSCORE', p .. 'e' .. kind, '-inf', now - kept, 'LIMIT', 0, 500)
  if #old > 0 then
    redis.call('ZREM', p .. 'e' .. kind, unpack(old))
    redis.call('HDEL', p .. 'e', unpack(old))
  end
end
forget('c', tonumber(ARGV[9]))
forget('g', tonumber(ARGV[10]))
local dead = redis.call('ZRANGEBYSCORE', p .. 'f', '-inf', now - tonumber(ARGV[7]), 'LIMIT', 0, 100)
local beyond = redis.call('ZCARD', p .. 'f') - tonumber(ARGV[8])
if #dead == 0 and beyond > 0 then
  dead = redis.call('ZRANGE', p .. 'f', 0, math.min(beyond, 100) - 1)
end
for i = 1, #dead do
  redis.call('ZREM', p .. 'f', dead[i])
  redis.call('DEL', p .. 'j:' .. dead[i], p .. 'h:' .. dead[i])
  redis.call('ZADD', p .. 'ec', now, dead[i])
  redis.call('HDEL', p .. 't', dead[i])
end
local first, wait = redis.call('ZRANGE', p .. 'l', 0, 1, 'WITHSCORES'), -1
for i = 1, #first, 2 do
  if first[i] ~= worker and wait < 0 then
    wait = math.max(0, tonumber(first[i + 1]) - now)
  end
end
local unhandled, registrations, found = {}, false, 0
local look = ARGV[11] == '1' and not paused
for i = 1, #meta, 2 do
  local type = string.match(meta[i], '^w(.+)$')
  if type and look and found == 0 and string.find(ARGV[3], '| ' .. type .. ' |', 1, true) then
    for priority in string.gmatch(meta[i + 1], '%d') do
      if redis.call('LLEN', p .. 'w:' .. priority .. ':' .. type) > 0 then found = 1 end
    end
  end
  if type and not string.find(ARGV[3], '| ' .. type .. ' |', 1, true) then
    local waiting = 0
    for priority in string.gmatch(meta[i + 1], '%d') do
      waiting = waiting + redis.call('LLEN', p .. 'w:' .. priority .. ':' .. type)
    end
    if waiting > 0 then
      if not registrations then
        registrations = {}
        local workers = redis.call('ZRANGE', p .. 'l', 0, -1)
        for n = 1, #workers do
          registrations[n] = redis.call('HGET', p .. 'o:' .. workers[n], '') or ''
        end
      end
      local handled = false
      for n = 1, #registrations do
        handled = handled or string.find(registrations[n], '| ' .. type .. ' |', 1, true)
      end
      if not handled then
        unhandled[#unhandled + 1] = type
      end
    end
  end
end
if look and found == 0 then
  local due = redis.call('ZRANGE', p .. 'd', 0, 0, 'WITHSCORES')
  if due[2] and tonumber(due[2]) <= now then found = 1 end
end
local slot = scheduled and redis.call('ZRANGE', p .. 'cs', 0, 0, 'WITHSCORES')[2]
return {registered, wait, given_back, taken_over, largest, unhandled, poison, found,
  math.max(0, redis.call('HLEN', own) - 2), paused and 1 or 0, cancels,
  slot and slot ~= 'inf' and math.max(0, tonumber(slot) - now) or -1}
