"""The cache: what it gives is what a run without it would find, whatever happened to the files since."""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flake8_async_orm.cache import KEPT, NAME, Cache
from flake8_async_orm.config import Config, Finder
from flake8_async_orm.consulted import CHANGED, MARKS, Consulted, now
from flake8_async_orm.diagnostics import Diagnostic, Range, Related
from flake8_async_orm.discovery import discover
from flake8_async_orm.edits import Edit, Fix
from flake8_async_orm.linting import batch, caching
from flake8_async_orm.linting.batch import Job, Outcome, Task
from flake8_async_orm.project.settings import MARKERS, PACKAGING, TOPS
from harness.command import DROPPED, MENDED, Ran, concise, put

Run = Callable[..., Ran]
FOLDER = ".flake8_async_orm_cache"

BASE = "from sqlalchemy.ext.asyncio import AsyncSession as Session\n"
HELPER = "from {base} import Session\n\n\nasync def store(session: Session) -> None:\n    await session.commit()\n"
USER = "from {helper} import store\nfrom {base} import Session\n\n\nasync def go(s: Session) -> None:\n    store(s)\n    s.flush()\n"


# -- the same findings ---------------------------------------------------------------------------------------------------


def lint(folder: Path, cached: bool) -> tuple[list[Outcome], list[bool]]:
    """What a run over a folder finds, and which of it was known."""
    finder = Finder()
    files = discover([str(folder)], finder.config_for).files
    configs = {id(config): config for config in (finder.config_for(os.path.abspath(path)) for path in files)}
    order = list(configs)
    jobs = [Job(path, order.index(id(finder.config_for(os.path.abspath(path))))) for path in files]
    task = Task(tuple(configs.values()))
    run = caching.run(jobs, task, 1, Cache(str(folder / FOLDER))) if cached else batch.run(jobs, task, 1)
    outcomes = list(run)
    return outcomes, [one.cached for one in outcomes]


def change(folder: Path, chance: random.Random) -> str:
    """Do something to the project that may change what is found; what it was."""
    modules = sorted(path for path in folder.rglob("*.py") if FOLDER not in path.parts)
    names = ["base", "app.base", "helper", "app.helper"]
    path = chance.choice(modules) if modules else folder / "base.py"
    if not modules:
        path.touch()
    what = chance.choice(["write", "write", "write", "touch", "remove", "new", "package", "settings", "move", "same"])
    text = chance.choice([BASE, HELPER, USER, DROPPED, MENDED, "", "x = 1\n", "def f(:\n"])
    text = text.format(base=chance.choice(names[:2]), helper=chance.choice(names[2:]))
    if what == "write":
        path.write_text(text, encoding="utf-8")
    elif what == "same":
        # of the same length, at the same time
        status, old = path.stat(), path.read_text(encoding="utf-8")
        path.write_text(
            old.replace("commit", "expire") if "commit" in old else old.replace("base", "bass"), encoding="utf-8"
        )
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    elif what == "touch":
        path.touch()
    elif what == "remove":
        path.unlink()
    elif what == "new":
        new = (
            folder
            / chance.choice(["", "app", "src", "src/app"])
            / f"{chance.choice(['base', 'helper', 'user', 'other'])}.py"
        )
        new.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(text, encoding="utf-8")
    elif what == "package":
        (path.parent / "__init__.py").touch()
    elif what == "move":
        target = folder / chance.choice(["app", "lib"]) / path.name
        target.parent.mkdir(exist_ok=True)
        path.rename(target)
    else:
        table = chance.choice(
            ["", "[tool.flake8-async-orm]\nignore = ['AOR101']\n", "[tool.pytest.ini_options]\npythonpath = ['app']\n"]
        )
        (folder / "pyproject.toml").write_text(table, encoding="utf-8")
    return f"{what} {path.name}"


@pytest.mark.parametrize("seed", range(6))
def test_it_gives_what_a_run_without_it_finds(here: Path, seed: int) -> None:
    chance = random.Random(seed)
    put(
        here,
        base=BASE,
        helper=HELPER.format(base="base"),
        user=USER.format(base="base", helper="helper"),
        other=DROPPED,
    )
    (here / "pyproject.toml").write_text("", encoding="utf-8")
    history = []
    hits = 0
    for _ in range(25):
        history.append(change(here, chance))
        kept, known = lint(here, cached=True)
        fresh, _ = lint(here, cached=False)
        assert kept == fresh, history
        again, all_known = lint(here, cached=True)
        assert again == fresh, history
        assert all(all_known), history
        hits += sum(known)
    assert hits


def test_a_change_elsewhere_is_seen(run: Run, here: Path) -> None:
    put(here, base=BASE, user=DROPPED.replace("sqlalchemy.ext.asyncio", "base").replace("AsyncSession", "Session"))
    found = ["user.py:6:5: AOR101"]
    for _ in range(2):
        assert concise(run("-q", "--output-format", "concise", "user.py")) == found
    put(here, base="class Session:\n    def commit(self): ...\n    def add(self, x): ...\n")
    assert concise(run("-q", "--output-format", "concise", "user.py")) == []
    (here / "base.py").unlink()
    assert concise(run("-q", "--output-format", "concise", "user.py")) == []
    (here / "base").mkdir()
    (here / "base" / "__init__.py").write_text(BASE, encoding="utf-8")
    assert concise(run("-q", "--output-format", "concise", "user.py")) == found


# -- when it is used -------------------------------------------------------------------------------------------------------


def known(ran: Ran) -> int:
    """How many files were known."""
    return int(ran.err.split("s, ")[1].split()[0])


def test_the_same_output_from_the_cache(run: Run, here: Path) -> None:
    put(here, a=DROPPED, b=MENDED, c="def f(:\n")
    for name in ("full", "json", "sarif"):
        first = run("--output-format", name, "--no-cache")
        for _ in range(2):
            assert run("--output-format", name) == first
    assert known(run("-v")) == 3
    assert known(run("-v", "a.py", "b.py")) == 2
    put(here, d=MENDED)
    assert known(run("-v")) == 0  # a new name in a directory may be what an import means
    assert known(run("-v", "-j", "2")) == 4


def test_a_run_in_processes_fills_it(run: Run, here: Path) -> None:
    put(
        here,
        base=BASE,
        **{
            f"m{number}": DROPPED.replace("sqlalchemy.ext.asyncio", "base").replace("AsyncSession", "Session")
            for number in range(5)
        },
    )
    first = run("-q", "-j", "2", "--output-format", "concise")
    assert len(concise(first)) == 5
    assert known(run("-v")) == 6
    put(here, base="")
    assert run("-q", "-j", "2", "--output-format", "concise").out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--no-cache"],
        ["--isolated"],
        ["--fix"],
        ["--diff"],
        ["--add-noqa"],
        ["-", "--stdin-filename", "a.py"],
        ["--no-cache", "--cache-dir", "x"],
    ],
)
def test_when_there_is_none(run: Run, here: Path, arguments: list[str]) -> None:
    put(here, a=MENDED)
    run(*arguments)
    assert sorted(os.listdir(here)) == ["a.py"]


def test_where_it_is(run: Run, here: Path) -> None:
    put(here, app__a=DROPPED)
    run("-q", "--cache-dir", "one", "--isolated")
    assert sorted(os.listdir(here / "one")) == [".gitignore", "CACHEDIR.TAG", NAME]
    assert (here / "one" / ".gitignore").read_text(encoding="utf-8") == "*\n"
    (here / "app" / "pyproject.toml").write_text("[tool.flake8-async-orm]\n", encoding="utf-8")
    run("-q", "app")
    assert (here / "app" / FOLDER / NAME).exists() and not (here / FOLDER).exists()
    (here / "app" / "pyproject.toml").write_text("[tool.flake8-async-orm]\ncache-dir = 'kept'\n", encoding="utf-8")
    run("-q", "app")
    assert (here / "app" / "kept" / NAME).exists()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([], ["--ignore", "AOR1"]),
        ([], ["--select", "AOR1"]),
        ([], ["--preview"]),
        ([], ["--per-file-ignores", "a.py:AOR101"]),
        ([], ["--baseline", "known.json"]),
    ],
)
def test_other_settings_other_findings(run: Run, here: Path, first: list[str], second: list[str]) -> None:
    put(here, a=DROPPED)
    run("--write-baseline", "known.json", "--no-cache")
    for arguments in (first, second, first):
        assert run("-q", *arguments) == run("-q", "--no-cache", *arguments)


def test_a_changed_baseline_counts(run: Run, here: Path) -> None:
    put(here, a=DROPPED)
    run("--write-baseline", "known.json")
    assert run("-q", "--baseline", "known.json").code == 0
    (here / "known.json").write_text('{"version": 1, "findings": []}', encoding="utf-8")
    assert run("-q", "--baseline", "known.json").code == 1


def test_another_linter_has_other_findings(run: Run, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(here, a=DROPPED)
    run("-q")
    assert known(run("-v")) == 1
    monkeypatch.setattr(caching, "fingerprint", lambda: "another")
    assert known(run("-v")) == 0


def test_what_failed_is_tried_again(run: Run, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from flake8_async_orm.linting import findings

    put(here, a=DROPPED, b="x = 1\n")
    with monkeypatch.context() as patched:
        patched.setattr(findings, "interpret", lambda *_: 1 // 0)
        assert run("-q").code == 2
    assert known(run("-v")) == 1
    assert known(run("-v")) == 2


def test_a_file_that_cannot_be_read_may_be_readable_later(run: Run, here: Path) -> None:
    (here / "a.py").symlink_to("target.txt")
    assert concise(run("-q", "--output-format", "concise", "a.py")) == ["a.py:1:1: AOR000"]
    (here / "target.txt").write_text(DROPPED, encoding="utf-8")
    assert concise(run("-q", "--output-format", "concise", "a.py")) == ["a.py:6:5: AOR101"]


def test_marks_are_those_that_the_project_looks_for() -> None:
    assert {*MARKERS, *PACKAGING, *TOPS, "__init__.py", "__init__.pyi"} == set(MARKS)


def test_a_directory_above_matters_by_its_marks_only(run: Run, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(here, deep__a=DROPPED)
    (here / "deep" / "pyproject.toml").write_text("", encoding="utf-8")
    monkeypatch.chdir(here / "deep")
    run("-q")
    put(here, other="")
    assert known(run("-v")) == 1
    (here / "setup.cfg").write_text("", encoding="utf-8")
    assert known(run("-v")) == 0
    assert known(run("-v")) == 1


def test_what_changes_while_it_is_linted_is_not_kept(here: Path) -> None:
    put(here, a=MENDED)
    asked = Consulted()
    asked.file("x", b"1")
    asked.file("x", b"2")
    asked.file("x", b"2")
    assert asked.answers == {"fx": CHANGED}
    asked = Consulted()
    asked.directory(str(here), {"a.py": False, ".hidden": True})
    assert asked.answers == {f"d{here}": now(f"d{here}")}
    (here / ".git").mkdir()
    assert asked.answers != {f"d{here}": now(f"d{here}")}
    assert now(f"d{here / 'none'}") == now(f"d{here / '.git'}")


def test_a_run_that_knows_everything_parses_nothing(here: Path) -> None:
    put(here, a=DROPPED)
    script = (
        "import sys\nfrom flake8_async_orm.cli import main\n"
        "code = main(['-q', '--output-format', 'json'])\n"
        "heavy = {'libcst', 'sqlalchemy', 'pathspec', 'rich', 'asyncio', 'multiprocessing.pool'} & set(sys.modules)\n"
        "sys.stderr.write(f'{code} {sorted(heavy)}')\n"
    )
    outputs = [
        subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=False, cwd=here)
        for _ in range(2)
    ]
    assert "libcst" in outputs[0].stderr
    assert outputs[1].stderr == "1 []"
    assert outputs[0].stdout == outputs[1].stdout


# -- the store -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(str(tmp_path / "deep" / FOLDER))


def test_rows_are_kept_by_generation(cache: Cache) -> None:
    assert cache.get(["a"]) == {}
    cache.put(b"first", {"a": b"1", "b": b"2"})
    cache.put(b"second", {"b": b"3"})
    found = cache.get(["a", "b", "c", *(str(number) for number in range(1200))])
    assert {key: payload for key, (_, payload) in found.items()} == {"a": b"1", "b": b"3"}
    assert [cache.answers(found[key][0]) for key in "ab"] == [b"first", b"second"]
    cache.put(b"third", {"a": b"4"})
    assert cache.answers(found["a"][0]) is None
    assert cache.answers(99) is None


def test_it_does_not_grow_for_ever(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    assert KEPT >= 50
    monkeypatch.setattr("flake8_async_orm.cache.KEPT", 3)
    for number in range(6):
        cache.put(b"", {str(number): b"x"})
    assert sorted(cache.get(map(str, range(6)))) == ["3", "4", "5"]


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"", b"SQLite format 3\0" + b"\0" * 500])
def test_a_broken_file_is_made_anew(cache: Cache, content: bytes) -> None:
    os.makedirs(cache.directory)
    Path(cache.path).write_bytes(content)
    assert cache.get(["a"]) == {}
    assert cache.answers(1) is None
    cache.put(b"", {"a": b"1"})
    cache.put(b"", {"b": b"1"})
    assert max(cache.get(["a", "b"])) == "b"


def test_another_table_is_made_anew(cache: Cache) -> None:
    os.makedirs(cache.directory)
    with sqlite3.connect(cache.path) as connection:
        connection.execute("CREATE TABLE findings (x INTEGER)")
    connection.close()
    assert cache.get(["a"]) == {}
    cache.put(b"", {"a": b"1"})
    assert list(cache.get(["a"])) == ["a"]


def test_what_cannot_be_written_is_no_error(run: Run, here: Path) -> None:
    put(here, a=DROPPED)
    (here / FOLDER).write_text("in the way", encoding="utf-8")
    ran = run("-q", "--output-format", "concise")
    assert (ran.code, concise(ran), ran.err) == (1, ["a.py:6:5: AOR101"], "")


def test_a_locked_file_is_left_alone(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.put(b"", {"a": b"1"})
    monkeypatch.setattr("flake8_async_orm.cache._PATIENCE", 0.05)
    connection = sqlite3.connect(cache.path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    cache.put(b"", {"b": b"1"})
    assert list(cache.get(["a", "b"])) == ["a"]
    connection.execute("ROLLBACK")
    connection.close()
    assert list(cache.get(["a", "b"])) == ["a"]


def fill(directory: str, number: int) -> None:
    for turn in range(5):
        Cache(directory).put(b"x", {f"{number}.{turn}": b"1"})


def test_many_processes_at_once(cache: Cache) -> None:
    context = multiprocessing.get_context("spawn")
    children = [context.Process(target=fill, args=(cache.directory, number)) for number in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0] * 4
    assert len(cache.get(f"{number}.{turn}" for number in range(4) for turn in range(5))) == 20


# -- outcomes as bytes -------------------------------------------------------------------------------------------------------


def everything() -> Diagnostic:
    fixes = (
        Fix("mend \ud800", (Edit(0, 1, "é"), Edit(2, 2, "\n", "other.py", True)), "unsafe"),
        Fix("or so", (Edit(5, 6, ""),), "suggestion"),
    )
    ranges = ((Range(1, 0, 1, 1), Range(2, 0, 2, 0)), (Range(1, 5, 1, 6),))
    related = (Related("b.py", 1, 2, 3, 4, "made here", "x"),)
    names: dict[str, Any] = {"code": "AOR101", "name": "x", "message": "m", "help": "h", "path": "a.py"}
    places = dict(zip(("start", "end", "line", "column", "end_line", "end_column"), range(6), strict=True))
    return Diagnostic(
        **names,
        **places,
        related=related,
        fixes=fixes,
        function="f",
        source_lines=("a", "b"),
        severity="hint",
        fix_ranges=ranges,
    )


def test_an_outcome_comes_back_whole() -> None:
    one = everything()
    outcome = Outcome(
        "a.py", (one, dataclasses.replace(one, fixes=(), fix_ranges=(), related=())), known=(one,), notes=("n",)
    )
    back = caching.decode(caching.encode(outcome))
    assert back == outcome
    assert back is not None and back.cached and not outcome.cached
    assert back.diagnostics[0].fix_ranges[0][0].line == 1
    # every field of an outcome that was only looked for is there
    assert {field.name for field in dataclasses.fields(Outcome)} == {
        *("path", "diagnostics", "known", "notes"),
        *("before", "after", "text_before", "text_after", "applied"),
        *("crash", "cached"),
    }


@pytest.mark.parametrize("data", [b"", b"[]", b'["a.py", [[1]], [], []]', b'["a.py", 1, [], []]', b"\xff"])
def test_what_is_no_outcome(data: bytes) -> None:
    assert caching.decode(data) is None


def test_what_is_no_list_of_answers_is_no_answer(here: Path, cache: Cache) -> None:
    put(here, a=DROPPED)
    task = Task((Config(root=str(here)),))
    (first,) = caching.run([Job("a.py")], task, 1, cache)
    keys = caching._keys([Job("a.py")], task)
    for answers in (b"", b"x", json.dumps([1]).encode()):
        cache.put(answers, {keys[0]: caching.encode(first)})
        (again,) = caching.run([Job("a.py")], task, 1, cache)
        assert (again, again.cached) == (first, False)
