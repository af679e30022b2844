-- Announces a load. Answers {lease taken (1) or not (0), head}.
-- ARGV: 1 now, 2 lease deadline (13 digits each), 3 the pending head for an empty key, 4 its time to live in ms,
-- 5 whether a record of another token counts as empty (1) or not (0)
local head = redis.call('GETRANGE', KEYS[1], 0, 95)
if not is_head(head) or (ARGV[5] == '1' and string.sub(head, 6, 21) ~= string.sub(ARGV[3], 6, 21)) then
  redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
  return {1, ARGV[3]}
end
if string.sub(head, 83, 95) > ARGV[1] then
  return {0, head}
end
redis.call('SETRANGE', KEYS[1], 82, ARGV[2])
return {1, string.sub(head, 1, 82) .. ARGV[2] .. '\n'}
