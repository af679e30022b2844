-- floor = max(floor, version), in place: the body is neither read nor written.
-- Answers empty (0), unchanged (1), raised (2). ARGV: 1 version (20 digits), 2 whether to write in any case (1) or not (0)
local head = redis.call('GETRANGE', KEYS[1], 0, 95)
if not is_head(head) then
  clear(ARGV[2])
  return 0
end
if ARGV[1] <= string.sub(head, 22, 41) then
  if ARGV[2] == '1' then
    redis.call('SETRANGE', KEYS[1], 0, string.sub(head, 1, 1))
  end
  return 1
end
redis.call('SETRANGE', KEYS[1], 21, ARGV[1])
redis.call('SETRANGE', KEYS[1], 82, '0000000000000')
return 2
