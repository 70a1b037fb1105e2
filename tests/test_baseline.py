"""Baselines: the file, which findings it leaves out, and how it is made and kept current."""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from flake8_async_orm import writing
from flake8_async_orm.baseline import BaselineError, Key, dumps, load, relative
from flake8_async_orm.config import Config
from flake8_async_orm.linting import known, lint
from flake8_async_orm.project import Workspace
from flake8_async_orm.source import Source
from harness.command import BROKEN, DROPPED, MENDED, Ran, concise, put

ENTRY = {"path": "app/a.py", "code": "AOR101", "function": "save", "expression": "session.commit()", "count": 2}
TWICE = DROPPED + "    session.commit()\n"


def kept(folder: Path, name: str = "known.json") -> list[dict[str, object]]:
    return list(json.loads((folder / name).read_text(encoding="utf-8"))["findings"])


# -- the file ------------------------------------------------------------------------------------------------------------


def test_a_file_is_sorted_and_has_an_entry_a_line(tmp_path: Path) -> None:
    keys = [Key(f"a/{path}.py", code, "f", f"{path}.x") for path in "cab" for code in ("AOR2", "AOR1")]
    texts = set()
    for _ in range(5):
        random.shuffle(keys)
        texts.add(dumps(Counter(keys)))
    (text,) = texts
    lines = text.splitlines()
    assert lines[:3] == ["{", '  "version": 1,', '  "findings": [']
    assert lines[3:-2] == sorted(lines[3:-2], key=lambda line: line.rstrip(","))
    assert len(lines) == 5 + len(keys)
    path = tmp_path / "known.json"
    path.write_text(text, encoding="utf-8")
    assert load(str(path)).counts == Counter(keys)
    path.write_text(dumps({}), encoding="utf-8")
    os.utime(path, ns=(1, 1))
    assert load(str(path)).counts == {}


def test_what_two_branches_brought_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "known.json"
    rows = [{**ENTRY, "count": count} for count in (2, 3)]
    path.write_text(json.dumps({"version": 1, "findings": rows}), encoding="utf-8")
    assert list(load(str(path)).counts.values()) == [3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ":1:1: expecting value"),
        ('{"version": 1,\n "findings": [}', ":2:15: "),
        ("[]", ": this is no baseline: it has no list of `findings`"),
        ('{"findings": {}}', ": this is no baseline: it has no list of `findings`"),
        ('{"version": 2, "findings": []}', ": the baseline has version 2, only 1 is understood"),
        ('{"findings": []}', ": the baseline has version None, only 1 is understood"),
        ('{"version": 1, "findings": [1]}', ": the entry number 1 is no table"),
        ('{"version": 1, "findings": [{"path": 1}]}', ": the entry number 1 needs a text `path`"),
        (
            json.dumps({"version": 1, "findings": [{**ENTRY, "count": 0}]}),
            ": the entry number 1 needs a `count` of 1 or more",
        ),
        (json.dumps({"version": 1, "findings": [{**ENTRY, "count": True}]}), ": the entry number 1 needs a `count` of"),
        ("[" * 100_000, ""),
    ],
)
def test_what_is_no_baseline(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "known.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BaselineError) as caught:
        load(str(path))
    assert str(caught.value).startswith(f"{path}{message}")
    assert "\n" not in str(caught.value)


def test_paths_start_at_the_file(tmp_path: Path) -> None:
    assert relative(str(tmp_path / "app" / "a.py"), str(tmp_path / "known.json")) == "app/a.py"
    assert relative(str(tmp_path / "a.py"), str(tmp_path / "ci" / "known.json")) == "../a.py"


# -- which findings it leaves out ------------------------------------------------------------------------------------------


def test_of_those_that_look_alike_the_first_are_known(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    text = TWICE + "    session.commit()\n"
    path.write_text(text, encoding="utf-8")
    row = {**ENTRY, "path": "a.py"}
    (tmp_path / "known.json").write_text(json.dumps({"version": 1, "findings": [row]}), encoding="utf-8")
    config = Config(root=str(tmp_path), baseline="known.json")
    source = Source.from_bytes(str(path), text.encode())
    assert [one.line for one in lint(source, Workspace(config).project_for(str(path)), config)] == [8]


def test_moved_lines_stay_known_and_another_function_is_new(run: Callable[..., Ran], here: Path) -> None:
    put(here, app__a=TWICE)
    assert run("--write-baseline", "known.json") == (0, "Wrote 2 findings to known.json.\n", "")
    assert kept(here) == [ENTRY]
    put(here, app__a="# moved\n\n" + TWICE.replace("    session.add(user)\n", ""))
    ran = run("--baseline", "known.json")
    assert ran == (0, "No findings in 1 file.\n2 known findings of the baseline left out.\n", "")
    put(here, app__a=TWICE + TWICE.replace("def save", "def store"))
    ran = run("--baseline", "known.json", "-q", "--output-format", "concise")
    assert (ran.code, concise(ran)) == (1, ["app/a.py:13:5: AOR101", "app/a.py:14:5: AOR101"])


def test_it_is_the_same_from_every_directory_and_by_setting(
    run: Callable[..., Ran],
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put(here, app__a=DROPPED)
    run("--write-baseline", "known.json")
    (here / "pyproject.toml").write_text("[tool.flake8-async-orm]\nbaseline = 'known.json'\n", encoding="utf-8")
    assert run("-q").code == 0
    assert run("-q", "-", "--stdin-filename", "app/a.py", stdin=DROPPED.encode()).code == 0
    assert run("-q", "--isolated").code == 1
    monkeypatch.chdir(here / "app")
    assert run("-q").code == 0
    assert run("-q", "--isolated", "--baseline", "../known.json").code == 0


def test_what_is_known_is_not_fixed(run: Callable[..., Ran], here: Path) -> None:
    put(here, a=DROPPED)
    run("--write-baseline", "known.json")
    put(here, a=TWICE)
    ran = run("--baseline", "known.json", "--fix")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith("No findings in 1 file.\n1 known finding of the baseline left out.\n")
    assert (here / "a.py").read_text(encoding="utf-8") == DROPPED + "    await session.commit()\n"
    assert run("--baseline", "known.json", "--add-noqa", "-q") == (0, "", "")
    assert "noqa" not in (here / "a.py").read_text(encoding="utf-8")


# -- kept current ----------------------------------------------------------------------------------------------------------


def test_what_is_mended_is_told_and_dropped(run: Callable[..., Ran], here: Path) -> None:
    put(here, a=TWICE, b=DROPPED, gone=DROPPED)
    run("--write-baseline", "known.json")
    put(here, a=DROPPED, b=MENDED)
    (here / "gone.py").unlink()
    option = ("--baseline", "known.json")
    words = "3 findings in known.json are gone; `--prune-baseline` drops them.\n"
    assert run(*option).out.endswith(words)
    assert len(kept(here)) == 3
    assert run(*option, "--prune-baseline").out.endswith("Dropped 3 findings from known.json.\n")
    assert [(row["path"], row["count"]) for row in kept(here)] == [("a.py", 1)]
    before = (here / "known.json").read_bytes()
    assert "Dropped" not in run(*option, "--prune-baseline").out
    assert (here / "known.json").read_bytes() == before


def test_what_was_not_looked_for_is_kept(run: Callable[..., Ran], here: Path) -> None:
    put(here, a=DROPPED, b=DROPPED, c=DROPPED)
    run("--write-baseline", "known.json")
    put(here, a=MENDED, b=MENDED, c=BROKEN)
    prune = ("--baseline", "known.json", "--prune-baseline", "-q")
    run(*prune, "--ignore", "AOR1")
    run(*prune, "--per-file-ignores", "*.py:AOR101")
    assert [row["path"] for row in kept(here)] == ["a.py", "b.py", "c.py"]
    run(*prune, "b.py")
    assert [row["path"] for row in kept(here)] == ["a.py", "c.py"]
    run(*prune)
    # nobody knows what is in a file that cannot be read
    assert [row["path"] for row in kept(here)] == ["c.py"]


def test_an_entry_of_a_rule_that_is_no_more_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "known.json"
    path.write_text(json.dumps({"version": 1, "findings": [ENTRY]}), encoding="utf-8")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "a.py").write_text("", encoding="utf-8")
    asked: list[tuple[str, str]] = []

    def judged(file: str, code: str) -> bool:
        asked.append((file, code))
        return False

    assert known.pruned(load(str(path)), Counter(), judged) == load(str(path)).counts
    assert asked == [(str(tmp_path / "app" / "a.py"), "AOR101")]
    assert known.pruned(load(str(path)), Counter(), lambda *_: True) == {}


# -- wrong use ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--baseline", "no.json"], "/no.json: No such file or directory"),
        (["--prune-baseline"], "--prune-baseline: there is no baseline; name it with --baseline"),
        (["--write-baseline", "a", "--baseline", "b"], "--write-baseline and --baseline cannot be used together"),
        (
            ["--write-baseline", "a", "--prune-baseline"],
            "--write-baseline and --prune-baseline cannot be used together",
        ),
        (["--write-baseline", "no/where.json"], "/no/where.json: No such file or directory"),
    ],
)
def test_wrong_use_is_one_line(run: Callable[..., Ran], here: Path, arguments: list[str], line: str) -> None:
    put(here, a=DROPPED)
    code, _, err = run(*arguments)
    assert code == 2
    assert err.startswith("flake8-async-orm: error: ") and err.endswith(f"{line}\n") and err.count("\n") == 1


def test_no_baseline_is_made_of_half_a_run(
    run: Callable[..., Ran],
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from flake8_async_orm.linting import findings

    put(here, a=DROPPED)
    monkeypatch.setattr(findings, "interpret", lambda *_: 1 // 0)
    assert run("--write-baseline", "known.json").code == 2
    assert not (here / "known.json").exists()


def test_a_baseline_is_written_in_one_step(
    run: Callable[..., Ran], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(here, a=DROPPED)
    (here / "known.json").write_text("old", encoding="utf-8")

    def full(*_: object) -> None:
        raise writing.WriteError("known.json: No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(writing, "_replace", full)
        ran = run("--write-baseline", "known.json")
    assert (ran.code, ran.err) == (2, "flake8-async-orm: error: known.json: No space left on device\n")
    assert (here / "known.json").read_text(encoding="utf-8") == "old"
    assert run("--write-baseline", "known.json").code == 0
    assert len(kept(here)) == 1


def test_a_first_run_with_many_findings_tells_where_they_are(run: Callable[..., Ran], here: Path) -> None:
    put(
        here,
        **{f"app__m{number}": TWICE for number in range(20)},
        **{f"lib{number}__x": DROPPED for number in range(12)},
    )
    lines = run("app", "lib0", *(f"lib{number}" for number in range(1, 12))).out.splitlines()
    assert lines[-15:] == [
        "Found 52 findings in 32 files.",
        "[*] 52 fixable with `--fix`.",
        "By rule:",
        "  52  AOR101 missing-await",
        "By folder:",
        "  40  app",
        *(f"   1  lib{name}" for name in ("0", "1", "10", "11", "2", "3", "4")),
        "   5  in 5 more",
        *lines[-1:],
    ]
    assert lines[-1].startswith(
        "To hear of new ones only: flake8-async-orm --write-baseline flake8-async-orm-baseline.json app lib0 "
    )
    run("--write-baseline", "known.json")
    assert "To hear" not in run("--baseline", "known.json").out
