-- Drops the body and gives the key a new token; its time to live stays. Answers empty (0), dropped (3).
-- ARGV: 1 the pending head, 2 whether to write in any case (1) or not (0)
local head = redis.call('GETRANGE', KEYS[1], 0, 95)
if not is_head(head) then
  clear(ARGV[2])
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'KEEPTTL')
return 3
