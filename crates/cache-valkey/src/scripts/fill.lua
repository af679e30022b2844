-- Stores a body if its load still counts. Answers stored (0), refused by token (1), by floor (2), by a newer body (3).
-- ARGV: 1 token, 2 kind and encoding, 3 version (20 digits), 4 fresh until (13 digits), 5 body hash, 6 time to live
-- in ms, 7 body. Digits are compared as strings: a Lua number loses precision above 2^53.
local head = redis.call('GETRANGE', KEYS[1], 0, 95)
if not is_head(head) or string.sub(head, 6, 21) ~= ARGV[1] then
  return 1
end
local floor = string.sub(head, 22, 41)
if ARGV[3] < floor then
  return 2
end
if ARGV[3] < string.sub(head, 42, 61) then
  return 3
end
local filled = 't1' .. ARGV[2] .. ' ' .. ARGV[1] .. floor .. ARGV[3] .. ARGV[4] .. ARGV[5] .. '0000000000000\n'
redis.call('SET', KEYS[1], filled .. ARGV[7], 'PX', ARGV[6])
return 0
