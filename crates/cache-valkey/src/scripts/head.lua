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
