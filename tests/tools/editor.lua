-- Waits for a diagnostic of polcheck, which Neovim has started by its configuration, chooses the first action and saves.
-- Leaves with 1 and a word where something does not come.

local function fail(what)
  io.stderr:write("no " .. what .. "\n")
  vim.cmd("cquit 1")
end

local function shadowed()
  for _, found in ipairs(vim.diagnostic.get(0)) do
    if found.code == "shadowed-permit" or (found.user_data and found.user_data.lsp.code == "shadowed-permit") then
      return found
    end
  end
end

if not vim.wait(60000, function() return shadowed() ~= nil end, 20) then
  return fail("diagnostic")
end
local found = shadowed()
print("shadowed-permit in line " .. found.lnum + 1 .. ": " .. found.message)

-- What Neovim asks a person, the first is taken of.
vim.ui.select = function(items, _, choose)
  choose(items[1], 1)
end
vim.api.nvim_win_set_cursor(0, { found.lnum + 1, found.col })
local lines = vim.api.nvim_buf_line_count(0)
vim.lsp.buf.code_action()
if not vim.wait(60000, function() return vim.api.nvim_buf_line_count(0) < lines end, 20) then
  return fail("fix")
end
if not vim.wait(60000, function() return shadowed() == nil end, 20) then
  return fail("end of the diagnostic")
end
vim.cmd("write")
vim.cmd("qall!")
