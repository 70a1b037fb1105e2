"""The editor door in a real editor: headless Neovim, 0.7 or newer."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from doors.conftest import MISUSE

NEOVIM = shutil.which("nvim")

# an error in the script would leave Neovim waiting: whatever happens, it writes what it saw and ends
SCRIPT = """
local seen = {}
local ok, problem = pcall(function()
  local folder = vim.fn.getcwd()
  vim.cmd("edit " .. folder .. "/app.py")
  local buffer = vim.api.nvim_get_current_buf()
  local server = { name = "aor", cmd = vim.fn.json_decode(vim.env.SERVER), root_dir = folder }
  local id = (vim.lsp.start or vim.lsp.start_client)(server)
  vim.lsp.buf_attach_client(buffer, id)
  local client = vim.lsp.get_client_by_id(id)
  local function wait_for(count)
    seen.waited = vim.wait(60000, function() return #vim.diagnostic.get(buffer) == count end, 50)
    assert(seen.waited, count .. " findings never came, but " .. vim.inspect(vim.diagnostic.get(buffer)))
  end
  wait_for(1)
  local found = vim.diagnostic.get(buffer)[1]
  seen.found = { found.lnum, found.col, found.code, found.source }
  local function act(kind)
    local place = { found.lnum + 1, found.col }
    local params = vim.lsp.util.make_given_range_params(place, place, buffer, client.offset_encoding)
    params.context = { diagnostics = {}, only = { kind } }
    local answers = vim.lsp.buf_request_sync(buffer, "textDocument/codeAction", params, 30000)
    local action = answers[id].result[1]
    vim.lsp.util.apply_workspace_edit(action.edit, client.offset_encoding)
    return action.title
  end
  seen.quick_fix = act("quickfix")
  seen.mended = vim.api.nvim_buf_get_lines(buffer, 0, -1, true)
  wait_for(0)
  vim.cmd("undo")
  wait_for(1)
  seen.fix_all = act("source.fixAll")
  wait_for(0)
  vim.cmd("write")
  vim.lsp.stop_client(id)
  seen.stopped = vim.wait(10000, function() return vim.lsp.get_client_by_id(id) == nil end, 50)
end)
seen.ok, seen.problem = ok, tostring(problem)
vim.fn.writefile({ vim.fn.json_encode(seen) }, "seen.json")
vim.cmd(ok and "quitall!" or "cquit")
"""


@pytest.mark.skipif(NEOVIM is None, reason="Neovim is not installed")
def test_neovim_shows_findings_and_mends_them(tmp_path: Path, environment: dict[str, str]) -> None:
    assert NEOVIM is not None
    text = MISUSE.replace("    session.commit()", '    print("é\U0001f600"); session.commit()')
    app = tmp_path / "app.py"
    app.write_text(text, encoding="utf-8")
    script = tmp_path / "script.lua"
    script.write_text(SCRIPT)
    server = json.dumps([sys.executable, "-m", "flake8_async_orm.lsp"])
    home = {name: str(tmp_path) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")}
    done = subprocess.run(
        [NEOVIM, "--headless", "-u", "NONE", "-i", "NONE", "-n", "-S", str(script)],
        cwd=tmp_path,
        env={**environment, **home, "SERVER": server, "LANG": "C.UTF-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=180,
    )
    seen = json.loads((tmp_path / "seen.json").read_text(encoding="utf-8"))
    assert (seen["ok"], done.returncode) == (True, 0), (seen["problem"], done.stderr)
    # Neovim counts columns in bytes of UTF-8
    assert seen["found"] == [5, 21, "AOR101", "flake8-async-orm"]
    mended = text.replace("; session", "; await session")
    assert "\n".join(seen["mended"]) + "\n" == mended
    assert app.read_text(encoding="utf-8") == mended
    assert seen["quick_fix"] == "Await `AsyncSession.commit()`"
    assert seen["stopped"] is True
