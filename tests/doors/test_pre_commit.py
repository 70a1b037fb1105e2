"""The hooks, by the real pre-commit, from a copy of this checkout. Needs a package index to make the hook's environment from."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from doors.conftest import MISUSE

ROOT = Path(__file__).resolve().parents[2]
OFFLINE = ("NewConnectionError", "NameResolutionError", "ProxyError", "ConnectTimeoutError", "Max retries exceeded")

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("pre_commit") is None, reason="pre-commit is not installed"),
    pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed"),
]


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "core.hooksPath=/dev/null")
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, encoding="utf-8").stdout


def commit_all(folder: Path) -> None:
    git(folder, "init", "--quiet")
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--message", "all")


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of what this checkout would publish."""
    try:
        names = git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "-z").split("\0")
    except subprocess.CalledProcessError:
        pytest.skip("this is no checkout")
    folder = tmp_path_factory.mktemp("hooks")
    for name in names:
        # the rest is not needed to install it
        if (
            name.startswith(("src/", "README", "LICENSE", "pyproject.toml", ".pre-commit-hooks.yaml"))
            and (ROOT / name).is_file()
        ):
            folder.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    commit_all(folder)
    return folder


def try_hooks(hooks: Path, project: Path, cache: Path) -> subprocess.CompletedProcess[str]:
    """Run all hooks on all files; each such run makes an environment of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PYTHON"))}
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "try-repo", str(hooks), "--all-files", "--verbose"],
        cwd=project,
        env={**kept, "PRE_COMMIT_HOME": str(cache), "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    if any(sign in done.stdout + done.stderr for sign in OFFLINE):
        pytest.skip("there is no package index")
    return done


def test_the_hooks_report_and_mend(hooks: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    # a package called like ours must not run in its place
    for name in ("app", "flake8_async_orm"):
        project.joinpath(name).mkdir(parents=True)
    project.joinpath("flake8_async_orm", "__init__.py").write_text("raise SystemExit(0)\n")
    project.joinpath("flake8_async_orm", "__main__.py").write_text("raise SystemExit(0)\n")
    project.joinpath("app", "session.py").write_text(
        "from sqlalchemy.ext.asyncio import AsyncSession\n\n\nclass Session(AsyncSession):\n    pass\n"
    )
    misuse = project / "app" / "users.py"
    misuse.write_text(MISUSE.replace("sqlalchemy.ext.asyncio", ".session").replace("AsyncSession", "Session"))
    generated = project / "app" / "generated.py"
    generated.write_text(MISUSE)
    project.joinpath("pyproject.toml").write_text('[tool.flake8-async-orm]\nextend-exclude = ["generated.py"]\n')
    commit_all(project)

    done = try_hooks(hooks, project, tmp_path / "cache")
    assert done.returncode == 1, done.stdout + done.stderr
    # what each hook printed, by its id
    printed = {part.partition("\n")[0]: part for part in done.stdout.split("- hook id: ")[1:]}
    assert list(printed) == ["flake8-async-orm", "flake8-async-orm-fix"], done.stdout + done.stderr
    report, mending = printed.values()
    assert "- exit code: 1" in report and "app/users.py:6:5" in report and "AOR101" in report
    assert "files were modified" not in report
    assert "files were modified by this hook" in mending and "AOR101" not in mending
    assert "generated.py" not in done.stdout
    assert git(project, "status", "--porcelain") == " M app/users.py\n"
    assert misuse.read_text().endswith("    await session.delete(user)\n    await session.commit()\n")
