"""The command line, from its arguments to its exit code. What needs a process of its own runs in one."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flake8_async_orm import __version__, writing
from flake8_async_orm.cli.options import Parser, parser, per_file_ignores
from flake8_async_orm.config import READERS
from flake8_async_orm.edits import Edit, Fix
from flake8_async_orm.linting import findings
from flake8_async_orm.report import DOCUMENTS, FORMATS, PROSE
from flake8_async_orm.rule import FixRequest
from flake8_async_orm.source import Source
from harness.command import BROKEN, DROPPED, MENDED, Ran, concise, process, put

pytestmark = pytest.mark.usefixtures("here")


# -- exit codes and findings -------------------------------------------------------------------------------------------------


def test_clean(run: Callable[..., Ran], here: Path) -> None:
    put(here, a=MENDED, b="x = 1\n")
    assert run() == (0, "No findings in 2 files.\n", "")
    assert run("--output-format", "concise", "a.py") == (0, "", "No findings in 1 file.\n")
    assert run("--output-format", "json") == (0, "[]\n", "")
    assert run("--quiet") == (0, "", "")


def test_findings(run: Callable[..., Ran], here: Path) -> None:
    put(here, b=DROPPED, a__c=DROPPED, d=BROKEN)
    ran = run("--output-format", "concise")
    assert ran.code == 1
    assert concise(ran) == ["a/c.py:6:5: AOR101", "b.py:6:5: AOR101", "d.py:1:7: AOR000"]
    assert ran.err == "Found 3 findings in 3 files.\n[*] 2 fixable with `--fix`.\n"
    assert run("--exit-zero").code == 0
    assert run("--output-format", "concise", "--quiet", "b.py").err == ""
    records = json.loads(run("--output-format", "json", "b.py").out)
    assert [(one["code"], one["filename"], one["location"]) for one in records] == [
        ("AOR101", "b.py", {"row": 6, "column": 5})
    ]


def test_full_output_ends_with_the_summary(run: Callable[..., Ran], here: Path) -> None:
    put(here, a=DROPPED)
    ran = run()
    blocks = ran.out.split("\n\n")
    assert blocks[0].startswith("a.py:6:5: AOR101 [*] ")
    assert "6 |     session.commit()\n  |     ^^^^^^^^^^^^^^^^\n" in blocks[0]
    assert blocks[1] == "Found 1 finding in 1 file.\n[*] 1 fixable with `--fix`.\n"
    assert ran.err == ""


def test_what_stands_beside_the_findings(run: Callable[..., Ran], here: Path) -> None:
    put(here, a=DROPPED)
    words = "Found 1 finding in 1 file.\n[*] 1 fixable with `--fix`.\n"
    for name in FORMATS:
        ran = run("--output-format", name)
        assert ran.code == 1
        assert "AOR101" in ran.out
        assert ran.out.endswith(words) is (name in PROSE)
        assert ran.err == ("" if name in (*PROSE, *DOCUMENTS) else words)
        # a file holds the findings alone
        kept = run("--output-format", name, "--output-file", "found")
        assert kept.out + kept.err == words
        assert (here / "found").read_text(encoding="utf-8") == (ran.out.removesuffix(words))


def test_an_unknown_format_has_a_nearest_one(run: Callable[..., Ran]) -> None:
    code, out, err = run("--output-format", "sarfi")
    assert (code, out) == (2, "")
    assert err.startswith("flake8-async-orm: error: argument --output-format: invalid choice: 'sarfi'")
    assert err.endswith("; did you mean sarif?\n") and err.count("\n") == 1


def test_selection(run: Callable[..., Ran], here: Path) -> None:
    put(here, a=DROPPED, b=BROKEN)
    both = ["a.py:6:5: AOR101", "b.py:1:7: AOR000"]

    def codes(*arguments: str) -> list[str]:
        return concise(run("--output-format", "concise", "-q", *arguments))

    assert codes("--ignore", "AOR1") == both[1:]
    assert codes("--select", "missing-await,AOR5") == both[:1]
    assert codes("--select", "AOR5", "--select", "AOR000") == both[1:]
    assert codes("--select", "AOR5", "--extend-select", "AOR1") == both[:1]
    assert codes("--per-file-ignores", "a.py:AOR101,AOR5 b.py:AOR1") == both[1:]
    (here / "pyproject.toml").write_text("[tool.flake8-async-orm]\nignore = ['AOR101', 'AOR000']\n", encoding="utf-8")
    assert codes() == []
    assert codes("--isolated") == both
    assert codes("--select", "AOR101") == both[:1]
    assert codes("--select", "AOR1") == []
    assert codes("--ignore", "AOR5") == both


def test_exclusions(run: Callable[..., Ran], here: Path) -> None:
    put(here, a="", gen__b="", sub__gen__c="", sub__d="")

    def files(*arguments: str) -> list[str]:
        return run("--show-files", *arguments).out.split()

    assert files() == ["a.py", "gen/b.py", "sub/d.py", "sub/gen/c.py"]
    assert files("--extend-exclude", "gen") == ["a.py", "sub/d.py"]
    assert files("--extend-exclude", "gen/*,a.py") == ["sub/d.py", "sub/gen/c.py"]
    assert files("--exclude", "sub", "gen/b.py", ".") == ["a.py", "gen/b.py"]
    assert files("--extend-exclude", "gen", "gen/b.py") == ["gen/b.py"]
    assert files("--extend-exclude", "gen", "--force-exclude", "gen/b.py", "a.py") == ["a.py"]


def test_patterns_of_the_command_line_start_here(
    run: Callable[..., Ran], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(here, sub__gen__c=BROKEN, gen__c="")
    (here / "pyproject.toml").write_text("[tool.flake8-async-orm]\n", encoding="utf-8")
    monkeypatch.chdir(here / "sub")
    assert run("--show-files", "--extend-exclude", "gen/*").out == ""
    assert run("-q", "--per-file-ignores", "gen/*:AOR000") == (0, "", "")


def test_no_files(run: Callable[..., Ran]) -> None:
    assert run() == (0, "", "warning: no Python files were found\n")


def test_unreadable_files_are_findings(run: Callable[..., Ran], here: Path) -> None:
    (here / "a.py").write_bytes(b"x = '\xff'\n")
    (here / "b.py").symlink_to("b.py")
    ran = run("--output-format", "concise", "a.py", "b.py")
    assert ran.code == 1
    assert concise(ran) == ["a.py:1:6: AOR000", "b.py:1:1: AOR000"]


# -- wrong usage -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--selct", "AOR1"], "unknown option --selct; did you mean --select?"),
        (["--statistic"], "unknown option --statistic; did you mean --statistics?"),
        (["--zzz=1"], "unknown option --zzz"),
        (["--select", "AOR999"], "command line: `select` has the unknown code `AOR999`"),
        (["--ignore", "lazy-lod"], "command line: `ignore` has the unknown code `lazy-lod`; did you mean `lazy-load`?"),
        (["--explain", "missing-awayt"], "unknown code `missing-awayt`; did you mean `missing-await`?"),
        (["--explain", "AOR8"], "unknown code `AOR8`"),
        (["nowhere.py"], "no such file or directory: nowhere.py"),
        (["--output-format", "xml"], "argument --output-format: invalid choice: 'xml'"),
        (["--per-file-ignores", "AOR1"], "argument --per-file-ignores: `AOR1` is not PATTERN:CODES"),
        (["--config", "no.toml"], "no.toml: No such file or directory"),
        (["-", "a.py"], "- cannot be mixed with paths"),
        (["-j", "-2"], "argument -j/--jobs: must not be negative"),
        (["--select"], "argument --select: expected one argument"),
        (["--diff", "--write-baseline", "b.json"], "--diff and --write-baseline cannot be used together"),
        (["--diff", "--baseline", "b.json", "--prune-baseline"], "--diff and --prune-baseline cannot be used together"),
        (["--shard", "1/2", "--write-baseline", "b.json"], "--shard and --write-baseline cannot be used together"),
        ([""], "a path must not be empty"),
        (["--output-file", ""], "argument --output-file: must not be empty"),
        (["--config="], "argument --config: must not be empty"),
        (["--config", "a.toml", "--isolated"], "--config and --isolated cannot be used together"),
        (["-q", "-v"], "--quiet and --verbose cannot be used together"),
        (["--stdin-filename", "a.py", "b.py"], "--stdin-filename and paths cannot be used together"),
    ],
)
def test_wrong_usage_is_one_line(run: Callable[..., Ran], arguments: list[str], line: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith("flake8-async-orm: error: ")
    assert line in err


def test_wrong_settings_are_one_line(run: Callable[..., Ran], here: Path) -> None:
    put(here, a="x = 1\n")
    settings = here / "pyproject.toml"
    settings.write_text("[tool.flake8-async-orm]\nselect = [\n", encoding="utf-8")
    code, out, err = run()
    assert (code, out) == (2, "")
    assert err.startswith(f"flake8-async-orm: error: {settings}:3:1: ")
    settings.write_text("[tool.flake8-async-orm]\nexlude = []\n", encoding="utf-8")
    assert run() == (
        2,
        "",
        f"flake8-async-orm: error: {settings}: unknown option `exlude`; did you mean `exclude`?\n",
    )
    assert run("--isolated").code == 0


def test_a_report_that_cannot_be_written(run: Callable[..., Ran], here: Path) -> None:
    put(here, a=DROPPED)
    code, _, err = run("--output-file", "no/where.txt")
    assert (code, err) == (2, "flake8-async-orm: error: no/where.txt: No such file or directory\n")


def test_an_internal_error_costs_one_file(run: Callable[..., Ran], here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(here, a=DROPPED, b=DROPPED)
    interpret = findings.interpret

    def fail(source: Any, *rest: Any) -> Any:
        if source.path.endswith("a.py"):
            raise ZeroDivisionError("in here")
        return interpret(source, *rest)

    monkeypatch.setattr(findings, "interpret", fail)
    ran = run("--output-format", "concise", "-j", "1", "--exit-zero")
    assert ran.code == 2
    assert concise(ran) == ["b.py:6:5: AOR101"]
    first = ran.err.splitlines()[0]
    assert first.startswith("a.py: internal error ")
    assert first.endswith(": ZeroDivisionError: in here; --verbose shows the traceback")
    reference = first.split()[3]
    again = run("--verbose", "-j", "1").err
    assert f"internal error {reference} ZeroDivisionError: in here\nTraceback" in again


# -- fixes -------------------------------------------------------------------------------------------------------------------


def test_fix(run: Callable[..., Ran], here: Path) -> None:
    put(here, a=DROPPED, b=DROPPED, c="x = 1\n")
    assert run("--fix", "--show-fixes", "a.py", "c.py") == (
        0,
        "a.py:\n  1 x AOR101 (Await `AsyncSession.commit()`)\nFixed 1 finding in 1 file.\nNo findings in 2 files.\n",
        "",
    )
    assert (here / "a.py").read_text(encoding="utf-8") == MENDED
    assert (here / "b.py").read_text(encoding="utf-8") == DROPPED
    assert run("--fix", "--exit-non-zero-on-fix", "-q", "b.py") == (1, "", "")
    assert (here / "b.py").read_text(encoding="utf-8") == MENDED
    assert run("--fix", "--exit-non-zero-on-fix", "-q") == (0, "", "")


def test_diff(run: Callable[..., Ran], here: Path) -> None:
    text = DROPPED.replace("\n", "\r\n")
    (here / "a.py").write_bytes(text.encode())
    ran = run("--diff")
    assert ran.code == 1
    assert ran.out.startswith("--- a/a.py\n+++ b/a.py\n@@ -3,4 +3,4 @@\n")
    assert "-    session.commit()\r\n+    await session.commit()\r\n" in ran.out
    assert ran.err.startswith("Would fix 1 finding in 1 file.\n")
    assert (here / "a.py").read_bytes() == text.encode()
    assert "+    await" in run("--diff", "--fix").out
    assert (here / "a.py").read_bytes() == text.encode()
    (here / "a.py").write_bytes(MENDED.encode())
    assert run("--diff", "-q") == (0, "", "")


def test_the_diff_of_an_absolute_path(run: Callable[..., Ran], here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "below").mkdir()
    put(here, a=DROPPED)
    monkeypatch.chdir(here / "below")
    path = (here / "a.py").as_posix().lstrip("/")
    assert run("--diff", "-q", "..").out.splitlines()[:2] == [f"--- a/{path}", f"+++ b/{path}"]


@pytest.mark.skipif(os.name == "nt" or shutil.which("git") is None, reason="names of POSIX, and git to read them")
@pytest.mark.parametrize("name", ["sp ace", "t\tab", "new\nline", 'quo"te', "back\\slash", "\u00e9t\u00e9", "-dash"])
def test_git_takes_the_diff_of_a_file_of_any_name(run: Callable[..., Ran], here: Path, name: str) -> None:
    put(here, **{name: DROPPED})
    run("--diff", "-q", "--output-file", "changes.patch")
    subprocess.run(["git", "apply", "changes.patch"], cwd=here, check=True)
    assert (here / f"{name}.py").read_text(encoding="utf-8") == MENDED


def test_the_diff_goes_to_the_output_file(run: Callable[..., Ran], here: Path) -> None:
    put(here, a=DROPPED)
    shown = run("--diff", "-q").out
    assert run("--diff", "-q", "--color", "auto", "--output-file", "a.patch") == (1, "", "")
    assert (here / "a.patch").read_text(encoding="utf-8") == shown != ""


def test_diff_and_fix_agree(run: Callable[..., Ran], here: Path) -> None:
    put(here, a=DROPPED)
    diff = run("--diff", "-q").out
    run("--fix")
    fixed = (here / "a.py").read_text(encoding="utf-8")
    added = [line[1:] for line in diff.splitlines() if line.startswith("+") and not line.startswith("+++")]
    assert [line for line in fixed.splitlines() if line not in DROPPED.splitlines()] == added


def test_a_file_that_cannot_be_written(run: Callable[..., Ran], here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(here, a=DROPPED, b=DROPPED)
    write = writing.write

    def full(path: str, before: bytes, after: bytes) -> None:
        if path.endswith("a.py"):
            raise writing.WriteError(f"{path}: No space left on device")
        write(path, before, after)

    monkeypatch.setattr(writing, "write", full)
    ran = run("--fix", "-q")
    assert (ran.code, ran.err) == (2, "error: not changed: a.py: No space left on device\n")
    assert (here / "a.py").read_text(encoding="utf-8") == DROPPED
    assert (here / "b.py").read_text(encoding="utf-8") == MENDED


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("(", "the result would not be valid (the file is not valid Python"),
        ("return await session.commit(), (yield)", "the result would not be valid Python"),
        ("session.commit()", "AOR101 would still be there"),
        ("[session.flush(), await session.commit()]", "it would bring AOR101"),
    ],
)
def test_a_fix_that_would_break_something_is_left_out_and_said(
    run: Callable[..., Ran], here: Path, monkeypatch: pytest.MonkeyPatch, text: str, reason: str
) -> None:
    def build(request: FixRequest, sources: Callable[[str], Source]) -> Fix:
        (site,) = request.sites
        assert site is not None
        return Fix(request.title, (Edit(*sources(site.path).span(site.node), text),), "safe")

    monkeypatch.setattr(findings, "build", build)
    put(here, a=DROPPED, b=MENDED)
    for option, code in (("--fix", 1), ("--diff", 0)):
        ran = run(option, "--no-cache", "-q", "--output-format", "concise")
        assert (ran.code, ran.err.count("\n")) == (code, 1)
        assert ran.err.startswith("a.py: 6:5: AOR101: the fix `Await `AsyncSession.commit()`` was left out: " + reason)
        assert (here / "a.py").read_text(encoding="utf-8") == DROPPED
        # it is not promised again
        assert "[*]" not in ran.out
        assert "fixable" not in run(option, "--no-cache").out


# -- comments that silence ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "comment"),
    [("--add-noqa", "# noqa: AOR101"), ("--add-ignore", "# flake8-async-orm: ignore[missing-await]")],
)
def test_findings_are_silenced_by_comments(run: Callable[..., Ran], here: Path, option: str, comment: str) -> None:
    put(here, a=DROPPED, b=MENDED, c=BROKEN)
    added = f"+    session.commit()  {comment}\n"
    dry = run(option, "--diff", "a.py")
    assert (dry.code, added in dry.out, dry.err.splitlines()[0]) == (1, True, "Would silence 1 finding in 1 file.")
    assert (here / "a.py").read_text(encoding="utf-8") == DROPPED
    ran = run(option, "--output-format", "concise")
    assert (ran.code, concise(ran)) == (1, ["c.py:1:7: AOR000"])
    assert ran.err.startswith("Silenced 1 finding in 1 file.\n")
    assert (here / "a.py").read_text(encoding="utf-8") == DROPPED.replace("commit()", f"commit()  {comment}")
    assert run(option, "a.py", "b.py") == (0, "No findings in 2 files.\n", "")
    assert run(option, "-q", "-", stdin=DROPPED.encode()).out == (here / "a.py").read_text(encoding="utf-8")


def test_a_file_is_changed_in_one_way_only(run: Callable[..., Ran]) -> None:
    line = "flake8-async-orm: error: --fix and --add-noqa cannot be used together\n"
    assert run("--add-noqa", "--fix") == (2, "", line)


def test_comments_that_silence_nothing_are_found_and_removed(run: Callable[..., Ran], here: Path) -> None:
    put(here, a=MENDED.replace("commit()", "commit()  # noqa: E501, AOR101"))
    assert run("-q").code == 0
    ran = run("-q", "--extend-select", "unused-suppression", "--output-format", "concise")
    assert (ran.code, concise(ran)) == (1, ["a.py:6:29: AOR901"])
    assert run("-q", "--extend-select", "AOR901", "--fix") == (0, "", "")
    assert (here / "a.py").read_text(encoding="utf-8") == MENDED.replace("commit()", "commit()  # noqa: E501")


# -- standard input ------------------------------------------------------------------------------------------------------------


def test_standard_input(run: Callable[..., Ran], here: Path) -> None:
    data = DROPPED.encode()
    for arguments in (["--stdin-filename", "app/a.py", "-"], ["--stdin-filename", "app/a.py"]):
        ran = run("--output-format", "concise", *arguments, stdin=data)
        assert (ran.code, concise(ran)) == (1, ["app/a.py:6:5: AOR101"])
    assert concise(run("--output-format", "concise", "-", stdin=data)) == ["<stdin>:6:5: AOR101"]
    assert run("-q", "-", stdin=b"x = 1\n") == (0, "", "")


def test_standard_input_stands_in_for_its_file(run: Callable[..., Ran], here: Path) -> None:
    put(here, a=BROKEN, models="from sqlalchemy.ext.asyncio import AsyncSession as Session\n")
    text = "from models import Session\n\n\nasync def f(s: Session) -> None:\n    s.commit()\n"
    ran = run("--output-format", "concise", "--stdin-filename", "a.py", "-", stdin=text.encode())
    assert concise(ran) == ["a.py:5:5: AOR101"]


def test_fixing_standard_input(run: Callable[..., Ran], here: Path) -> None:
    data = b"\xef\xbb\xbf" + DROPPED.replace("\n", "\r\n").encode()
    code, out, err = run("--fix", "--stdin-filename", "a.py", "-", stdin=data)
    assert code == 0
    assert out.encode() == data.replace(b"    session.commit", b"    await session.commit")
    assert err.startswith("Fixed 1 finding in 1 file.\n")
    assert run("--fix", "-q", "-", stdin=b"x = 1\n").out == "x = 1\n"
    broken = run("--fix", "-q", "--output-format", "concise", "-", stdin=b"def f(:\n")
    assert (broken.code, broken.out) == (1, "def f(:\n")
    assert broken.err.startswith("<stdin>:1:7: AOR000 ")
    assert not list(here.iterdir())
    filed = run("--fix", "-q", "--output-format", "concise", "--output-file", "found.txt", "-", stdin=b"def f(:\n")
    assert (filed.out, filed.err) == ("def f(:\n", "")
    assert (here / "found.txt").read_text(encoding="utf-8") == broken.err


def test_excluded_standard_input(run: Callable[..., Ran]) -> None:
    arguments = ["--force-exclude", "--extend-exclude", "gen", "--stdin-filename", "gen/a.py", "-"]
    assert run(*arguments, stdin=DROPPED.encode()) == (0, "", "")
    assert run("--fix", *arguments, stdin=DROPPED.encode()) == (0, DROPPED, "")


# -- what else it prints -----------------------------------------------------------------------------------------------------


def test_statistics(run: Callable[..., Ran], here: Path) -> None:
    put(here, a=DROPPED, b=DROPPED, c=BROKEN)
    ran = run("--statistics", "-q")
    assert (ran.code, ran.out) == (1, "2  AOR101  [*]  missing-await\n1  AOR000  [ ]  analysis-failed\n")
    assert [row["count"] for row in json.loads(run("--statistics", "--output-format", "json").out)] == [2, 1]


def test_output_file(run: Callable[..., Ran], here: Path) -> None:
    put(here, a=DROPPED)
    ran = run("--output-file", "found.txt", "--output-format", "concise", "-q")
    assert (ran.code, ran.out) == (1, "")
    assert (here / "found.txt").read_text(encoding="utf-8").startswith("a.py:6:5: AOR101 [*] ")


def test_colour(run: Callable[..., Ran], here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(here, a=DROPPED)
    assert "\x1b[" not in run().out
    assert "\x1b[" in run("--color", "always").out
    assert "\x1b[32m+    await" in run("--color", "always", "--diff").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in run().out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in run().out


def test_explain(run: Callable[..., Ran]) -> None:
    code, out, _ = run("--explain", "AOR501")
    assert code == 0
    assert out.startswith("# lazy-load (AOR501)\n")
    assert run("--explain", "lazy-load").out == out
    # of a prefix there are several
    listed = [run(*options).out.splitlines() for options in (("--explain", "AOR50"), ("--list-rules",))]
    assert [line.split() for line in listed[0]] == [line.split() for line in listed[1] if line.startswith("AOR50")]


def test_list_rules(run: Callable[..., Ran]) -> None:
    lines = run("--list-rules").out.splitlines()
    assert lines[0].split()[:3] == ["AOR000", "analysis-failed", "on"]
    assert any(line.startswith("AOR501  lazy-load ") for line in lines)


def test_show_settings(run: Callable[..., Ran], here: Path) -> None:
    (here / "pyproject.toml").write_text("[tool.flake8-async-orm]\nignore = ['AOR1']\n", encoding="utf-8")
    out = run("--show-settings", "--extend-select", "AOR5").out
    assert out.startswith(f"# from {here / 'pyproject.toml'}\n[tool.flake8-async-orm]\n")
    assert 'ignore = ["AOR1"]\nextend-select = ["AOR5"]\n' in out


def test_each_file_has_its_settings(run: Callable[..., Ran], here: Path) -> None:
    put(here, one__a=DROPPED, two__b=DROPPED)
    (here / "two" / "pyproject.toml").write_text("[tool.flake8-async-orm]\nignore = ['AOR1']\n", encoding="utf-8")
    assert concise(run("--output-format", "concise", "-q")) == ["one/a.py:6:5: AOR101"]
    assert run("--config", "two/pyproject.toml", "-q").code == 0


def test_per_file_ignores_of_the_command_line() -> None:
    assert per_file_ignores(["a/*:AOR1,AOR2", "b.py:AOR3 c.py:lazy-load"]) == {
        "a/*": ["AOR1", "AOR2"],
        "b.py": ["AOR3"],
        "c.py": ["lazy-load"],
    }


def test_options_that_the_settings_have_too_are_called_the_same() -> None:
    made = parser()
    assert isinstance(made, Parser)
    known = {option.removeprefix("--") for action in made._actions for option in action.option_strings}
    shared = {"select", "ignore", "extend-select", "per-file-ignores", "exclude", "extend-exclude", "preview"}
    assert shared <= known & set(READERS)


# -- in a process of its own ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["--list-rules"], ["--show-settings"], ["-q", "plain.py"]]
)
def test_what_needs_no_tree_imports_no_parser(here: Path, arguments: list[str]) -> None:
    put(here, plain="import os\n\n\ndef f():\n    return os\n")
    script = (
        "import sys\nfrom flake8_async_orm.cli import main\n"
        f"code = main({arguments!r})\n"
        "heavy = {'libcst', 'sqlalchemy', 'pygls', 'flake8', 'rich', 'asyncio'} & set(sys.modules)\n"
        "sys.exit(f'{code} {heavy}' if code or heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=False, cwd=here)
    assert done.returncode == 0, done.stderr


def test_version_and_help(here: Path) -> None:
    done = process("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"flake8-async-orm {__version__}\n", "")
    done = process("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "--extend-select" in done.stdout


def test_modules_of_the_linted_project_are_not_imported(here: Path) -> None:
    put(here, libcst="raise SystemExit('run!')\n", json="raise SystemExit('run!')\n", a=DROPPED, argparse="1 / 0\n")
    done = process("--output-format", "json", "a.py", cwd=here)
    assert (done.returncode, done.stderr) == (1, "")
    assert [one["code"] for one in json.loads(done.stdout)] == ["AOR101"]


def test_processes_give_the_same_output(here: Path) -> None:
    for number in range(5):
        put(here, **{f"m{number}": DROPPED if number % 2 else BROKEN})
    one, two = process("-j", "1", cwd=here), process("-j", "2", cwd=here)
    assert (one.returncode, one.stderr) == (1, "")
    assert (one.returncode, one.stdout, one.stderr) == (two.returncode, two.stdout, two.stderr)


def test_spawned_processes_work(here: Path) -> None:
    put(here, a=DROPPED, b=BROKEN)
    script = here / "start.py"
    script.write_text(
        "import multiprocessing, sys\nfrom flake8_async_orm.cli import main\n"
        "if __name__ == '__main__':\n    multiprocessing.set_start_method('spawn')\n"
        "    sys.exit(main(['-j', '2', '-q', '--output-format', 'concise', 'a.py', 'b.py']))\n",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, encoding="utf-8", check=False, cwd=here)
    assert (done.returncode, done.stderr) == (1, "")
    assert [line.split()[1] for line in done.stdout.splitlines()] == ["AOR101", "AOR000"]


@pytest.mark.skipif(os.name != "posix", reason="signals of another kind")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupt_ends_it_at_once(here: Path, jobs: str) -> None:
    put(here, **{f"m{number}": DROPPED for number in range(4)})
    script = (
        "import os, sys, time\nfrom flake8_async_orm import cli\nfrom flake8_async_orm.linting import findings\n"
        "def interpret(*_):\n    os.write(1, b'started\\n')\n    time.sleep(60)\n"
        "findings.interpret = interpret\n"
        f"sys.exit(cli.main(['-j', '{jobs}']))\n"
    )
    command = [sys.executable, "-c", script]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, encoding="utf-8", cwd=here) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "started\n"
            child.send_signal(signal.SIGINT)
            _, err = child.communicate(timeout=40)
        finally:
            child.kill()
    assert (child.returncode, err) == (130, "")


@pytest.mark.skipif(os.name != "posix", reason="pipes of another kind")
def test_a_closed_pipe_is_no_defect(here: Path) -> None:
    put(here, **{f"m{number}": BROKEN for number in range(30)})
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "flake8_async_orm", "-j", "1"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, encoding="utf-8", check=False, cwd=here)
    os.close(writer)
    assert "Traceback" not in done.stderr and "BrokenPipe" not in done.stderr
    assert done.returncode == 1
