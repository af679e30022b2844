-- Whether bytes are the head of a record, field by field as `cache::record` documents it.
local HEX, DIGITS = '[0-9a-f]', '[0-9]'
local HEAD = '^t1[PLAU]. ' .. string.rep(HEX, 16) .. string.rep(DIGITS, 53)
  .. string.rep(HEX, 8) .. string.rep(DIGITS, 13) .. '\n$'
local function is_head(head)
  return string.find(head, HEAD) ~= nil
end
