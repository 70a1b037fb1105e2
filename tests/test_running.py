"""How the command line runs: in parts, again and again, with a line that tells how far it is; and what shells complete."""

from __future__ import annotations

import io
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from flake8_async_orm.cli.options import SHELLS, parser
from flake8_async_orm.cli.watching import Filter
from flake8_async_orm.report import FORMATS, progress
from harness.command import BROKEN, DROPPED, MENDED, Ran, concise, put

Run = Callable[..., Ran]


# -- parts -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 3, 7, 12])
def test_shards_are_the_whole_in_order(run: Run, here: Path, count: int) -> None:
    put(here, **{f"m{number}": DROPPED for number in range(7)})
    whole = run("--show-files").out.split()
    parts = [run("--show-files", "--shard", f"{part}/{count}").out.split() for part in range(1, count + 1)]
    assert [path for part in parts for path in part] == whole
    sizes = [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= 1


def test_a_shard_finds_what_the_whole_run_finds(run: Run, here: Path) -> None:
    put(here, base="from sqlalchemy.ext.asyncio import AsyncSession as Session\n")
    for name in ("x", "y", "z"):
        put(here, **{name: DROPPED.replace("sqlalchemy.ext.asyncio", "base").replace("AsyncSession", "Session")})
    found = [concise(run("-q", "--output-format", "concise", "--shard", f"{part}/2")) for part in (1, 2)]
    assert found == [["x.py:6:5: AOR101"], ["y.py:6:5: AOR101", "z.py:6:5: AOR101"]]


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "1/0", "a/b", "-1/2"])
def test_what_is_no_shard(run: Run, text: str) -> None:
    code, out, err = run(f"--shard={text}")
    line = f"flake8-async-orm: error: argument --shard: must be I/N with 1 <= I <= N, not {text!r}\n"
    assert (code, out, err) == (2, "", line)


def test_an_empty_selection_says_so(run: Run, here: Path) -> None:
    put(here, a=DROPPED)
    assert run("--select", "AOR1", "--ignore", "AOR1", "-q") == (0, "", "warning: no rule is selected\n")
    (here / "pyproject.toml").write_text("[tool.flake8-async-orm]\nselect = []\n", encoding="utf-8")
    assert run("-q").err == "warning: no rule is selected\n"
    assert run("-q", "--extend-select", "AOR5").err == ""


# -- how far ---------------------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def ticking(step: float) -> Callable[[], float]:
    now = [0.0]

    def clock() -> float:
        now[0] += step
        return now[0]

    return clock


def test_a_long_run_shows_how_far_it_is() -> None:
    stream = Terminal()
    assert list(progress.shown(range(4), 4, stream, ticking(0.6))) == [0, 1, 2, 3]
    states = [state for state in stream.getvalue().split("\r") if state]
    assert states == [
        "[############............] 2 of 4 files\x1b[K",
        "[##################......] 3 of 4 files\x1b[K",
        "[########################] 4 of 4 files\x1b[K",
        "\x1b[K",
    ]


def test_a_short_run_shows_nothing_and_an_interrupt_leaves_nothing() -> None:
    stream = Terminal()
    assert list(progress.shown(range(4), 4, stream, ticking(0.1))) == [0, 1, 2, 3]
    assert stream.getvalue() == ""

    def interrupted() -> Iterator[int]:
        yield from (1, 2)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(progress.shown(interrupted(), 9, stream, ticking(2)))
    assert stream.getvalue().endswith("\r\x1b[K")


def test_it_is_shown_on_terminals_only() -> None:
    closed = io.StringIO()
    closed.close()
    assert progress.wanted(Terminal(), {})
    assert not progress.wanted(Terminal(), {"TERM": "dumb"})
    assert not progress.wanted(io.StringIO(), {})
    assert not progress.wanted(closed, {})


def test_it_stands_on_standard_error_and_changes_no_output(
    run: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(here, a=DROPPED, b=MENDED)
    quiet = run("--output-format", "concise")
    monkeypatch.setattr(progress, "wanted", lambda stream: stream is sys.stderr)
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    shown = run("--output-format", "concise")
    assert (shown.code, shown.out) == (quiet.code, quiet.out)
    assert "of 2 files" in shown.err and shown.err.endswith(f"\r\x1b[K{quiet.err}")
    assert run("-q", "--output-format", "concise").err == ""


# -- again and again -------------------------------------------------------------------------------------------------------


@pytest.fixture
def changes(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], object]]:
    """What happens to the files, one after the other, while somebody watches; then comes an interrupt."""
    planned: list[Callable[[], object]] = []
    fake = ModuleType("watchfiles")

    def watch(*folders: str, **options: Any) -> Iterator[set[object]]:
        assert folders == ("app",) and options["raise_interrupt"]
        for change in planned:
            change()
            yield set()
        raise KeyboardInterrupt

    monkeypatch.setattr(fake, "watch", watch, raising=False)
    monkeypatch.setitem(sys.modules, "watchfiles", fake)
    return planned


def test_it_runs_again_after_each_change(run: Run, here: Path, changes: list[Callable[[], object]]) -> None:
    put(here, app__a=DROPPED)
    settings = here / "pyproject.toml"
    changes += [
        lambda: put(here, app__b=BROKEN),
        lambda: settings.write_text("[tool.flake8-async-orm]\nignore = 1\n", encoding="utf-8"),
        lambda: settings.write_text("[tool.flake8-async-orm]\nignore = ['AOR000']\n", encoding="utf-8"),
        lambda: put(here, app__a=MENDED),
    ]
    ran = run("--watch", "app", "--output-format", "concise")
    assert ran.code == 130
    first, second = "app/a.py:6:5: AOR101", "app/b.py:1:7: AOR000"
    assert concise(ran) == [first, first, second, first]
    said = [line for line in ran.err.splitlines() if "fixable" not in line]
    assert said == [
        "Found 1 finding in 1 file.",
        "Found 2 findings in 2 files.",
        f"flake8-async-orm: error: {settings}: `ignore` must be a list of strings, found an integer",
        "Found 1 finding in 1 of 2 files.",
        "No findings in 2 files.",
    ]


@pytest.mark.parametrize(
    ("path", "matters"),
    [
        ("/x/app/a.py", True),
        ("/x/app/a.pyi", True),
        ("/x/pyproject.toml", True),
        ("/x/app/a.pyc", False),
        ("/x/.git/a.py", False),
        ("/x/.venv/lib/a.py", False),
        ("/x/README.md", False),
    ],
)
def test_what_is_watched(path: str, matters: bool) -> None:
    assert Filter()(1, path.replace("/", os.sep)) is matters


def test_a_real_change_is_seen(here: Path) -> None:
    put(here, a=DROPPED)
    command = [sys.executable, "-m", "flake8_async_orm", "--watch", "--output-format", "concise", "."]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "WATCHFILES_FORCE_POLLING": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline().startswith("a.py:6:5: AOR101")
            time.sleep(0.5)
            put(here, b=BROKEN)
            assert [child.stdout.readline().split(" ")[0] for _ in range(2)] == ["a.py:6:5:", "b.py:1:7:"]
        finally:
            child.kill()


def test_what_cannot_be_watched(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("--watch", "-").err == "flake8-async-orm: error: --watch and standard input cannot be used together\n"
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    code, _, err = run("--watch")
    assert (code, err) == (
        2,
        "flake8-async-orm: error: --watch needs watchfiles: pip install 'flake8-async-orm[watch]'\n",
    )


# -- completion --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_knows_every_option(run: Run, shell: str) -> None:
    code, out, err = run("--completion", shell)
    assert (code, err) == (0, "")
    assert out.endswith("\n")
    options = [option for action in parser()._actions for option in action.option_strings if option.startswith("--")]
    assert [option for option in options if option.removeprefix("--") not in out] == []


def test_bash_takes_the_script_and_completes(run: Run, here: Path) -> None:
    (here / "script").write_text(run("--completion", "bash").out, encoding="utf-8")
    ask = (
        "source ./script; COMP_WORDS=(flake8-async-orm --output-format sa); COMP_CWORD=2; COMP_LINE='x'; COMP_POINT=1; "
        "_shtab_flake8_async_orm flake8-async-orm sa --output-format; echo ${COMPREPLY[@]}"
    )
    try:
        done = subprocess.run(["bash", "-c", ask], capture_output=True, encoding="utf-8", check=False, timeout=20)
    except FileNotFoundError:
        pytest.skip("there is no bash")
    assert done.stdout.split() == ["sarif"], done.stderr


def test_fish_has_a_line_for_each_option(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    # fish needs no library
    monkeypatch.setitem(sys.modules, "shtab", None)
    head, *lines = run("--completion", "fish").out.splitlines()
    assert head.startswith("# ")
    rows = {}
    for line in lines:
        # shells agree on single quotes but for what is escaped in them
        words = shlex.split(line.replace("\\'", "\u2019"))
        assert words[:3] == ["complete", "-c", "flake8-async-orm"]
        options = [(word, words[at + 1]) for at, word in enumerate(words) if word in ("-s", "-l")]
        rows.update({("--" if kind == "-l" else "-") + name: words[3:] for kind, name in options})
    assert set(rows) == {option for action in parser()._actions for option in action.option_strings}
    assert rows["--output-format"][-3:] == ["-x", "-a", " ".join(FORMATS)]
    assert "lazy-load" in rows["--select"][-1].split()
    assert rows["--config"][-2:] == ["-r", "-F"]
    assert "-x" not in rows["--fix"] and "-r" not in rows["--fix"]
    fish = shutil.which("fish")
    if fish is not None:
        subprocess.run([fish, "-n"], input="\n".join(lines), encoding="utf-8", check=True)


def test_completion_needs_its_library(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    code, out, err = run("--completion", "bash")
    assert (code, out) == (2, "")
    assert err == "flake8-async-orm: error: --completion needs shtab: pip install 'flake8-async-orm[completion]'\n"
    assert "did you mean bash?" in run("--completion", "bsh").err
