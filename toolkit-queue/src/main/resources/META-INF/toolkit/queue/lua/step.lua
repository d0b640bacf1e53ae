-- Ends jobs, makes due ones ready and claims more: a worker's whole work in one round trip.
-- KEYS     1 prefix of the queue's keys, q:{name}:  2 the same and a dash; neither exists as a key
-- ARGV     1 data version  2 worker  3 epoch of this claim  4 most jobs to claim
--          5 most bytes of jobs to claim: no job more once there are as many
--          6 1 if the worker is in i (it waits for jobs), else 0  7 the priorities in the order in which they are served
--          8 how many ended ids of each kind to forget at most  9 how long ended ids given by callers are remembered, ms
--          10 the same for generated ids, ms  11 number of types the worker handles
--          12 the type among them whose published call the worker took from the others, or empty
--          then per type two values: type, most jobs of it to claim
--          then per job to end six values: id, epoch it was claimed in, outcome, where, delay in ms, text
--          outcome: c completed, where: c or g, the kind of its id; text: attempts if more than one, 1 if t keeps something
--                   all the same, else empty
--                   d dead, x dead because of its deadline, where: as for c; text: attempts|why
--                   r retry after delay, text: what t keeps of it from now on, with the time at which it is due
--                   the text of d, x and r may go on in further lines: what h keeps of the run, attempt|…
--                   s snooze for delay, u the same: unreadable; text: as for r, or empty: t keeps only the time then
--                   b back to the head of its list, where: that list, priority:type; text: empty if t keeps nothing
-- returns  {1 if the worker is registered, else 0: then nothing was claimed, and all its claims are lost;
--           ms until the next delayed job or -1; 1 if jobs are left that the worker may claim at once, else 0;
--           1 if the worker is in i now; {per job to end: 1 ended, 0 not this claim's any more};
--           {per claimed job: id, what t keeps of it or '', list, envelope}; the time of Redis in ms}
--          Error TQVERSION and the data's version if that is another: nothing is changed then
-- cost     12 commands for one job ended and one claimed; about 30 for 50 and 50; at most 500 ended and 200 claimed
--          1 a run that failed, and 1 more if there were more than 10; 1 for what was snoozed; 2 a claimed job of a type that ever had one of more than 16 KB
-- retry    safe: ends are fenced, and the same epoch again gets the same claims
local p, version, worker, epoch = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local most, most_bytes, listed = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6] == '1'
local wrote = false
local function free()
  -- A full Redis lets a script write whose first write frees memory.
  if not wrote then
    redis.call('DEL', KEYS[2])
    wrote = true
  end
end
local types, fields = {}, {'v', 'paused', 'n'}
local first_end = 13 + 2 * tonumber(ARGV[11])
for i = 13, first_end - 1, 2 do
  types[#types + 1] = {name = ARGV[i], most = tonumber(ARGV[i + 1])}
  fields[#fields + 1] = 'w' .. ARGV[i]
end
local meta = redis.call('HMGET', p .. 'm', unpack(fields))
if meta[1] and meta[1] ~= version then
  return redis.error_reply('TQVERSION ' .. meta[1])
end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local own = p .. 'o:' .. worker
local asked = {'', '@'}
for i = first_end, #ARGV, 6 do
  asked[#asked + 1] = ARGV[i]
end
local owned = redis.call('HMGET', own, unpack(asked))
local registered = owned[1] and true or false
local last = tonumber(owned[2] or '0')
-- Per type: whether to publish the call, too.
local called = {}
local function call(list, quietly)
  local type = string.sub(list, 3)
  called[type] = called[type] or not quietly
end

local ended, gone, envelopes, forget, end_of, dead, delayed = {}, {}, {}, {}, {}, {}, {}
local over, troubled, back, failed = {c = {}, g = {}}, {}, {}, {}
for i = first_end, #ARGV, 6 do
  local id, outcome, where, text = ARGV[i], ARGV[i + 2], ARGV[i + 3], ARGV[i + 5]
  if owned[3 + (i - first_end) / 6] ~= ARGV[i + 1] then
    ended[#ended + 1] = 0
  else
    ended[#ended + 1] = 1
    gone[#gone + 1] = id
    local first, failure = string.match(text, '^([^\n]*)\n(.*)$')
    if first then
      text = first
      failed[#failed + 1] = {id, failure}
    end
    if outcome == 'c' then
      envelopes[#envelopes + 1] = p .. 'j:' .. id
      local ends = over[where]
      ends[#ends + 1] = now
      ends[#ends + 1] = id
      if text ~= '' then
        forget[#forget + 1] = id
        envelopes[#envelopes + 1] = p .. 'h:' .. id
      end
      if text ~= '' and text ~= '1' then
        end_of[#end_of + 1] = id
        end_of[#end_of + 1] = 'c|' .. text .. '|' .. now .. '|'
      end
    elseif outcome == 'd' or outcome == 'x' then
      local attempts, why = string.match(text, '^(%d+)|(.*)$')
      end_of[#end_of + 1] = id
      end_of[#end_of + 1] = outcome .. '|' .. attempts .. '|' .. now .. '|' .. why
      dead[#dead + 1] = now
      dead[#dead + 1] = id
    elseif outcome == 'b' then
      back[#back + 1] = {where, id, text}
    else
      local due = now + ARGV[i + 4]
      delayed[#delayed + 1] = due
      delayed[#delayed + 1] = id
      troubled[#troubled + 1] = id
      troubled[#troubled + 1] = (text == '' and '0|0|0|' or text) .. '@' .. due
    end
  end
end
if #gone > 0 then
  redis.call('HDEL', own, unpack(gone))
  wrote = true
  if #envelopes > 0 then redis.call('DEL', unpack(envelopes)) end
  if #forget > 0 then redis.call('HDEL', p .. 't', unpack(forget)) end
  if #over.c > 0 then redis.call('ZADD', p .. 'ec', unpack(over.c)) end
  if #over.g > 0 then redis.call('ZADD', p .. 'eg', unpack(over.g)) end
  if #end_of > 0 then redis.call('HSET', p .. 'e', unpack(end_of)) end
  if #dead > 0 then redis.call('ZADD', p .. 'f', unpack(dead)) end
  if #troubled > 0 then redis.call('HSET', p .. 't', unpack(troubled)) end
  if #delayed > 0 then redis.call('ZADD', p .. 'd', unpack(delayed)) end
  for i = 1, #failed do
    local kept = redis.call('RPUSH', p .. 'h:' .. failed[i][1], now .. '|' .. failed[i][2])
    if kept > 10 then redis.call('LTRIM', p .. 'h:' .. failed[i][1], -10, -1) end
  end
  for i = 1, #back do
    redis.call('RPUSH', p .. 'w:' .. back[i][1], back[i][3] == '' and back[i][2] or back[i][2] .. '|')
    call(back[i][1])
  end
end
local function forgetting(kind, keep)
  local old = redis.call('ZRANGEBYSCORE', p .. 'e' .. kind, '-inf', now - keep, 'LIMIT', 0, ARGV[8])
  if #old > 0 then
    redis.call('ZREM', p .. 'e' .. kind, unpack(old))
    redis.call('HDEL', p .. 'e', unpack(old))
    wrote = true
  end
end
if tonumber(ARGV[8]) > 0 then
  forgetting('c', tonumber(ARGV[9]))
  forgetting('g', tonumber(ARGV[10]))
end

local function list_of(id)
  local priority, type = string.match(redis.call('GETRANGE', p .. 'j:' .. id, 0, 99), '^(%d)%a%d%d%d([^ \n]+)')
  return priority and priority .. ':' .. type
end
local first = redis.call('ZRANGE', p .. 'd', 0, 0, 'WITHSCORES')
if first[2] and tonumber(first[2]) <= now then
  local due = redis.call('ZRANGEBYSCORE', p .. 'd', '-inf', now, 'LIMIT', 0, 500)
  redis.call('ZREM', p .. 'd', unpack(due))
  wrote = true
  local trouble = redis.call('HMGET', p .. 't', unpack(due))
  for i = 1, #due do
    local list = list_of(due[i])
    if list then
      redis.call('LPUSH', p .. 'w:' .. list, trouble[i] and due[i] .. '|' or due[i])
      call(list)
    elseif redis.call('EXISTS', p .. 'j:' .. due[i]) == 1 then
      redis.call('HSET', p .. 'e', due[i], 'd|0|' .. now .. '|the bytes stored under this id are not a job')
      redis.call('ZADD', p .. 'f', now, due[i])
    else
      redis.call('HDEL', p .. 't', due[i])
      redis.call('DEL', p .. 'h:' .. due[i])
    end
  end
  first = redis.call('ZRANGE', p .. 'd', 0, 0, 'WITHSCORES')
end

local jobs, taken, more, paused = {}, 0, 0, meta[2] == '1'
if last >= tonumber(epoch) then
  most = 0
  if last == tonumber(epoch) then
    -- The reply was lost, or this is a call that was closed: what it has claimed is claimed still.
    local claims = redis.call('HGETALL', own)
    for i = 1, #claims, 2 do
      if claims[i + 1] == epoch and claims[i] ~= '@' then
        local envelope = redis.call('GET', p .. 'j:' .. claims[i])
        if envelope then
          jobs[#jobs + 1] = claims[i]
          jobs[#jobs + 1] = redis.call('HGET', p .. 't', claims[i]) or ''
          jobs[#jobs + 1] = list_of(claims[i]) or ''
          jobs[#jobs + 1] = envelope
        end
      end
    end
  end
end
local wanted = most
if most > 0 and registered and not paused then
  local ready, waiting = {}, 0
  for i = 1, #ARGV[7] do
    local priority = string.sub(ARGV[7], i, i)
    for n = 1, #types do
      if string.find(meta[n + 3] or '', priority, 1, true) then
        local list = priority .. ':' .. types[n].name
        local length = redis.call('LLEN', p .. 'w:' .. list)
        if length > 0 then
          local large = string.find(meta[n + 3], 'L', 1, true)
          ready[#ready + 1] = {list = list, type = types[n], length = length, large = large}
          waiting = waiting + length
        end
      end
    end
  end
  local shared = false
  if waiting > 1 and most > 1 then
    local others = redis.call('SCARD', p .. 'i') - (listed and 1 or 0)
    local share = math.ceil(waiting / (others + 1))
    shared = others > 0 and share < most
    most = math.min(most, share)
  end
  -- Ever more at once, and one by one where the type has large jobs: none of them is read in vain.
  local claims, marked, bytes, chunk = {}, {}, 0, 1
  for i = 1, #ready do
    local from = ready[i]
    local length = from.length
    while from.length > 0 and from.type.most > 0 and taken < most and bytes < most_bytes do
      local ids = redis.call('RPOP', p .. 'w:' .. from.list,
        math.min(from.large and 1 or chunk, from.length, from.type.most, most - taken))
      wrote = true
      chunk = from.large and chunk or chunk * 2
      from.length = from.length - #ids
      local keys = {}
      for n = 1, #ids do
        local id = string.match(ids[n], '^(.*)|$')
        keys[n] = p .. 'j:' .. (id or ids[n])
      end
      local found = redis.call('MGET', unpack(keys))
      local n, lost = 1, {}
      while n <= #ids and bytes < most_bytes do
        local envelope = found[n]
        if envelope then
          local id = string.match(ids[n], '^(.*)|$')
          jobs[#jobs + 1] = id or ids[n]
          jobs[#jobs + 1] = ''
          jobs[#jobs + 1] = from.list
          jobs[#jobs + 1] = envelope
          if id then marked[#marked + 1] = #jobs - 3 end
          claims[#claims + 1] = id or ids[n]
          claims[#claims + 1] = epoch
          taken = taken + 1
          bytes = bytes + #envelope
          from.type.most = from.type.most - 1
        else
          lost[#lost + 1] = string.match(ids[n], '^(.*)|$') or ids[n]
        end
        n = n + 1
      end
      if #lost > 0 then
        -- Their envelopes are gone, so nothing else would ever drop the rest of them.
        redis.call('HDEL', p .. 't', unpack(lost))
        for i = 1, #lost do lost[i] = p .. 'h:' .. lost[i] end
        redis.call('DEL', unpack(lost))
      end
      for rest = #ids, n, -1 do
        redis.call('RPUSH', p .. 'w:' .. from.list, ids[rest])
        from.length = from.length + 1
      end
    end
    if from.length > 0 then
      -- The others have heard of what this step has not touched, unless it took their call; it would call itself for ever.
      call(from.list, from.length == length and from.type.name ~= ARGV[12])
      if from.type.most > 0 and not shared then more = 1 end
    end
  end
  if taken > 0 then
    claims[#claims + 1] = '@'
    claims[#claims + 1] = epoch
    redis.call('HSET', own, unpack(claims))
  end
  if #marked > 0 then
    local which = {}
    for i = 1, #marked do which[i] = jobs[marked[i]] end
    local trouble = redis.call('HMGET', p .. 't', unpack(which))
    for i = 1, #marked do jobs[marked[i] + 1] = trouble[i] or '' end
  end
end
local idle = registered and wanted > taken and more == 0
if idle ~= listed then
  free()
  redis.call(idle and 'SADD' or 'SREM', p .. 'i', worker)
end
if not meta[1] then
  free()
  redis.call('HSET', p .. 'm', 'v', version)
end
for type, loudly in pairs(called) do
  free()
  redis.call('ZADD', p .. 'k:' .. type, 0, '0')
  -- Who may not publish must not fail for that: the beats of others look.
  if meta[3] and loudly then redis.pcall('PUBLISH', p .. 'n', type) end
end
local wait = -1
if first[2] then
  wait = math.max(0, tonumber(first[2]) - now)
end
return {registered and 1 or 0, wait, more, idle and 1 or 0, ended, jobs, now}
