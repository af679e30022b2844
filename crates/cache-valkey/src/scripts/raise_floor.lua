-- floor = max(floor, version), in place: the body is neither read nor written.
-- Answers empty (0), unchanged (1), raised (2). ARGV: 1 version (20 digits)
local head = redis.call('GETRANGE', KEYS[1], 0, 95)
if not is_head(head) then
  redis.call('DEL', KEYS[1])
  return 0
end
if ARGV[1] <= string.sub(head, 22, 41) then
  return 1
end
redis.call('SETRANGE', KEYS[1], 21, ARGV[1])
redis.call('SETRANGE', KEYS[1], 82, '0000000000000')
return 2
