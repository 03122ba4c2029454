import { createHash } from 'node:crypto';

/** A script and the hash by which Redis knows it. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

/** All but `updateMany` touch one key, so that Cluster can run them. */
export interface RedisScripts {
  readonly update: Script;
  readonly updateMany: Script;
  readonly touch: Script;
  readonly index: Script;
}

/**
 * ARGV: the version to write over, the whole new value, its TTL in ms. 1: written; 0: there is no record; else the
 * current value. The owner part of the old header is kept, which the new value comes without.
 */
const UPDATE = `local head = redis.call('GETRANGE', KEYS[1], 0, 36)
if head == '' then return 0 end
if string.sub(head, 3, 18) ~= ARGV[1] then return redis.call('GET', KEYS[1]) end
local value, owned = ARGV[2], string.sub(head, 35, 37)
if owned ~= '000' then
  value = string.sub(value, 1, 34) .. owned .. redis.call('GETRANGE', KEYS[1], 37, 36 + owned) .. string.sub(value, 38)
end
redis.call('SET', KEYS[1], value, 'PX', ARGV[3])
return 1`;

/**
 * The same for several records of one Redis, each by itself. ARGV: three for each key. Answers in the order of the keys:
 * 1, 0, '=' and the current value, or '!' and what that key was refused for.
 */
const UPDATE_MANY = `local answers = {}
for i, key in ipairs(KEYS) do
  local version, value, ttl = ARGV[3 * i - 2], ARGV[3 * i - 1], ARGV[3 * i]
  local head = redis.pcall('GETRANGE', key, 0, 36)
  if type(head) == 'table' then answers[i] = '!' .. head.err
  elseif head == '' then answers[i] = 0
  elseif string.sub(head, 3, 18) ~= version then answers[i] = '=' .. redis.call('GET', key)
  else
    local owned = string.sub(head, 35, 37)
    if owned ~= '000' then
      value = string.sub(value, 1, 34) .. owned .. redis.call('GETRANGE', key, 37, 36 + owned) .. string.sub(value, 38)
    end
    local set = redis.pcall('SET', key, value, 'PX', ttl)
    answers[i] = set.err and '!' .. set.err or 1
  end
end
return answers`;

/** ARGV: version, expiresAt in 16 digits, TTL in ms. 1: the record is there at that version; its life is never shortened. */
const TOUCH = `local head = redis.call('GETRANGE', KEYS[1], 0, 36)
if string.sub(head, 3, 18) ~= ARGV[1] then return 0 end
if string.sub(head, 19, 34) < ARGV[2] then redis.call('SETRANGE', KEYS[1], 18, ARGV[2]) end
local left = redis.call('PTTL', KEYS[1])
if left >= 0 and left < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return 1`;

/**
 * ARGV: the record's key, until, now. Entries that ended a minute ago go; the list itself lives as long as its latest
 * entry, and a minute.
 */
const INDEX = `redis.call('ZADD', KEYS[1], 'GT', ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. (ARGV[3] - 60000))
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
if last[2] then redis.call('PEXPIRE', KEYS[1], string.format('%.0f', last[2] - ARGV[3] + 60000)) end
return 1`;

const script = (lua: string): Script => ({ lua, sha: createHash('sha1').update(lua).digest('hex') });

/** Called when a store is opened: a module must do nothing when it is loaded. */
export function redisScripts(): RedisScripts {
  return { update: script(UPDATE), updateMany: script(UPDATE_MANY), touch: script(TOUCH), index: script(INDEX) };
}
