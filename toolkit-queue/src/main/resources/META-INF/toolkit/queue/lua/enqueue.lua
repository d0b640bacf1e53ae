-- Adds jobs, each at most once by its id.
-- KEYS     1 prefix of the queue's keys, q:{name}:  2 the same and a dash; neither exists as a key
-- ARGV     1 data version  2 how long ended ids given by callers are remembered, ms  3 the same for generated ids, ms
--          then per job three values: id; when it is ready: a delay in ms (0 = now), or @ and a time in ms; envelope
-- returns  per job: 1 added, or put back since it was in no list any more; 0 there already; 2 ended already and still
--          remembered. Error TQVERSION and the data's version if that is another: nothing is changed then
-- cost     5 commands a call, 1 more if a worker listens to published calls, 1 more for each list that grows, and 1 if a
--          given id has the form of a made one; 2 a job that is there already, of which one looks through up to 1,000 ids,
--          and 1 a worker; at most 1,000 jobs a call
-- retry    safe: a second run finds the ids and answers 0
local p, version = KEYS[1], ARGV[1]
-- Most calls: one small job that is ready now, in a list that is known. The tables below would be half of its cost.
if #ARGV == 6 and ARGV[5] == '0' and #ARGV[6] <= 16384 then
  local id, envelope = ARGV[4], ARGV[6]
  local priority, kind, type = string.match(envelope, '^(%d)(%a)%d%d%d([^ \n]+)')
  local meta = redis.call('HMGET', p .. 'm', 'v', 'w' .. type, 'n')
  if meta[1] == version and meta[2] and string.find(meta[2], priority, 1, true)
      and not redis.call('ZSCORE', p .. 'e' .. kind, id)
      -- Perhaps a made id, known from an exception: the job may have been enqueued with it before.
      and not (kind == 'c' and #id == 26 and redis.call('ZSCORE', p .. 'eg', id))
      and redis.call('SET', p .. 'j:' .. id, envelope, 'NX') then
    if redis.call('LPUSH', p .. 'w:' .. priority .. ':' .. type, id) <= 100 then
      redis.call('ZADD', p .. 'k:' .. type, 0, '0')
      -- Who may not publish must not fail for that: the beats of workers look.
      if meta[3] then redis.pcall('PUBLISH', p .. 'n', type) end
    end
    return {1}
  end
end
local ids, lists, given, made, unique, seen = {}, {}, {}, {}, true, {}
local fields, field_of = {'v', 'n'}, {}
for i = 4, #ARGV, 3 do
  local id, envelope = ARGV[i], ARGV[i + 2]
  local priority, kind, type = string.match(envelope, '^(%d)(%a)%d%d%d([^ \n]+)')
  ids[#ids + 1] = id
  lists[#lists + 1] = priority .. ':' .. type
  if not field_of[type] then
    fields[#fields + 1] = 'w' .. type
    field_of[type] = #fields
  end
  local same = kind == 'c' and given or made
  same[#same + 1] = id
  if kind == 'c' and #id == 26 then
    -- Perhaps a made id, known from an exception: the job may have been enqueued with it before.
    made[#made + 1] = id
  end
  unique = unique and not seen[id]
  seen[id] = true
end
local meta = redis.call('HMGET', p .. 'm', unpack(fields))
if meta[1] and meta[1] ~= version then
  return redis.error_reply('TQVERSION ' .. meta[1])
end
local now
local function time()
  if not now then
    local t = redis.call('TIME')
    now = t[1] * 1000 + math.floor(t[2] / 1000)
  end
  return now
end
local over = {}
local function look(kind, some, keep)
  if #some > 0 then
    local ends = redis.call('ZMSCORE', p .. 'e' .. kind, unpack(some))
    for i = 1, #some do
      if ends[i] then
        if tonumber(ends[i]) + keep > time() then
          over[some[i]] = true
        else
          redis.call('ZREM', p .. 'e' .. kind, some[i])
          redis.call('HDEL', p .. 'e', some[i])
        end
      end
    end
  end
end
look('c', given, tonumber(ARGV[2]))
look('g', made, tonumber(ARGV[3]))
-- A Redis that evicted a list, or an operator, may have left an envelope that nothing leads to: it would be there
-- already for ever. In a list of more than 1,000 a job counts as found.
local function unlisted(id)
  if redis.call('ZSCORE', p .. 'd', id) or redis.call('ZSCORE', p .. 'f', id) then
    return false
  end
  local priority, type = string.match(redis.call('GETRANGE', p .. 'j:' .. id, 0, 99), '^(%d)%a%d%d%d([^ \n]+)')
  if priority then
    local ready = p .. 'w:' .. priority .. ':' .. type
    if redis.call('LLEN', ready) > 1000 or redis.call('LPOS', ready, id) or redis.call('LPOS', ready, id .. '|') then
      return false
    end
  end
  local workers = redis.call('ZRANGE', p .. 'l', 0, -1)
  for i = 1, #workers do
    if redis.call('HEXISTS', p .. 'o:' .. workers[i], id) == 1 then
      return false
    end
  end
  return true
end
local out, new, added, large = {}, {}, {}, {}
local together = unique and next(over) == nil
if together then
  local pairs_ = {}
  for n = 1, #ids do
    pairs_[2 * n - 1] = p .. 'j:' .. ids[n]
    pairs_[2 * n] = ARGV[3 * n + 3]
  end
  together = redis.call('MSETNX', unpack(pairs_)) == 1
end
for n = 1, #ids do
  local id = ids[n]
  if together then
    out[n] = 1
  elseif over[id] then
    out[n] = 2
  elseif redis.call('SET', p .. 'j:' .. id, ARGV[3 * n + 3], 'NX') then
    out[n] = 1
    added[id] = true
  elseif not added[id] and unlisted(id) then
    redis.call('SET', p .. 'j:' .. id, ARGV[3 * n + 3])
    out[n] = 1
  else
    out[n] = 0
  end
  if out[n] == 1 then
    local ready = ARGV[3 * n + 2]
    local at = string.sub(ready, 1, 1) == '@' and tonumber(string.sub(ready, 2))
    local delay = at and at - time() or tonumber(ready)
    local list = lists[n]
    large[list] = large[list] or #ARGV[3 * n + 3] > 16384
    if delay > 0 then
      redis.call('ZADD', p .. 'd', time() + delay, id)
      new[list] = new[list] or {}
    else
      new[list] = new[list] or {}
      new[list][#new[list] + 1] = id
    end
  end
end
if not meta[1] then
  redis.call('HSET', p .. 'm', 'v', version)
end
for list, some in pairs(new) do
  local priority, type = string.sub(list, 1, 1), string.sub(list, 3)
  local waiting = #some > 0 and redis.call('LPUSH', p .. 'w:' .. list, unpack(some)) or 0
  local before = meta[field_of[type]] or ''
  local used = string.find(before, priority, 1, true) and before or before .. priority
  if large[list] and not string.find(used, 'L', 1, true) then
    used = used .. 'L'
  end
  if used ~= before then
    meta[field_of[type]] = used
    redis.call('HSET', p .. 'm', 'w' .. type, used)
  end
  -- Where many wait already, the worker that takes one of them passes the call on.
  if waiting - #some < 100 then
    redis.call('ZADD', p .. 'k:' .. type, 0, '0')
    -- Who may not publish must not fail for that: the beats of workers look.
    if meta[2] then redis.pcall('PUBLISH', p .. 'n', type) end
  end
end
return out
