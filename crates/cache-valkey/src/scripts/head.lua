-- Whether bytes are the head of a record, field by field as `cache::record` documents it. Floor and version must fit in
-- 64 bits: what the engine cannot read must not be kept.
local HEX, DIGITS = '[0-9a-f]', '[0-9]'
local HEAD = '^t1[PLAU]. ' .. string.rep(HEX, 16) .. string.rep(DIGITS, 53)
  .. string.rep(HEX, 8) .. string.rep(DIGITS, 13) .. '\n$'
local HIGHEST = '18446744073709551615'
local function is_head(head)
  return string.find(head, HEAD) ~= nil
    and string.sub(head, 22, 41) <= HIGHEST and string.sub(head, 42, 61) <= HIGHEST
end
-- Removes what is no record. An empty key may be full in a replica that lags: where replicas are to acknowledge, there
-- must be a write for them to acknowledge, and deleting nothing is none.
local function clear(in_any_case)
  if in_any_case == '1' then
    redis.call('SET', KEYS[1], '', 'PX', 1000)
  end
  redis.call('DEL', KEYS[1])
end
