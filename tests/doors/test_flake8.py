"""The flake8 door, by real flake8: in processes of its own, and in this one where something is watched or replaced."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import libcst
import pytest
from flake8.main import cli

import flake8_async_orm.rules  # noqa: F401
from doors.conftest import MISUSE, Run, baseline
from flake8_async_orm import linting
from flake8_async_orm.config import Config
from flake8_async_orm.rule import REGISTRY

FOUND = "6:5: AOR101"

Flake8 = Callable[..., list[str]]


@pytest.fixture
def flake8(
    installed: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Flake8:
    """Runs flake8 in this process and in the test's folder, on that folder; gives the lines that it prints."""
    for folder in installed[1:]:
        monkeypatch.syspath_prepend(folder)
    monkeypatch.chdir(tmp_path)

    def flake8(*arguments: str) -> list[str]:
        cli.main(["-j1", *(arguments or ["."])])
        return capsys.readouterr().out.splitlines()

    return flake8


@pytest.fixture
def configs(monkeypatch: pytest.MonkeyPatch) -> list[Config]:
    """The configurations that the linter is called with; it finds nothing."""
    seen: list[Config] = []
    monkeypatch.setattr(linting, "lint", lambda source, project, config, **_: seen.append(config) or [])
    return seen


@pytest.fixture
def off_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes AOR101 a rule that is off unless it is named."""
    monkeypatch.setitem(REGISTRY, "AOR101", dataclasses.replace(REGISTRY["AOR101"], default=False))


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        folder.joinpath(name.replace("__", ".")).write_text(text, encoding="utf-8")


def count(lines: list[str]) -> int:
    """How often AOR101 is reported, by lines that hold nothing else of ours."""
    ours = [line.split(" ")[1] for line in lines if " AOR" in line]
    assert set(ours) <= {"AOR101"}, lines
    return len(ours)


# -- where and what ------------------------------------------------------------------------------------------------------


def test_flake8_reports_the_finding_at_its_line_and_column(run: Run, tmp_path: Path) -> None:
    write(tmp_path, app__py=MISUSE)
    done = run("flake8", "app.py")
    assert done.stdout.startswith(f"app.py:{FOUND} ")
    assert "write `await`" in done.stdout
    assert (done.stdout.count("\n"), done.stderr, done.returncode) == (1, "", 1)


def test_columns_are_code_points(flake8: Flake8, tmp_path: Path) -> None:
    write(tmp_path, app__py=MISUSE.replace("    session.commit()", '    print("\U0001f600é"); session.commit()'))
    (line,) = flake8("--select=AOR")
    assert line.startswith("./app.py:6:18: AOR101 ")


def test_lines_are_those_of_the_file_under_a_byte_order_mark_and_foreign_newlines(
    flake8: Flake8, tmp_path: Path
) -> None:
    for name, newline in (("windows.py", b"\r\n"), ("old.py", b"\r")):
        text = MISUSE.replace("\n\n\n", "\n\f\n# \u2028\n").encode()
        tmp_path.joinpath(name).write_bytes(b"\xef\xbb\xbf" + text.replace(b"\n", newline))
    lines = flake8("--select=AOR")
    assert [line.split(" ")[0] for line in lines] == [f"./{name}:6:5:" for name in ("old.py", "windows.py")]


def test_a_file_that_is_no_python_is_flake8_s_own_finding(flake8: Flake8, tmp_path: Path) -> None:
    write(tmp_path, app__py=MISUSE.replace("commit()", "commit("))
    assert [line.split(" ")[1] for line in flake8("--select=AOR,E9")] == ["E999"]


def test_a_defect_of_ours_spares_the_other_files(
    flake8: Flake8, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = linting.lint

    def lint(source: Any, *arguments: Any, **keywords: Any) -> list[linting.Diagnostic]:
        if source.path.endswith("broken.py"):
            raise LookupError("two\nlines")
        return real(source, *arguments, **keywords)

    monkeypatch.setattr(linting, "lint", lint)
    write(tmp_path, app__py=MISUSE, broken__py=MISUSE)
    app, broken = flake8()
    assert FOUND in app
    assert broken.startswith("./broken.py:1:1: AOR000 ") and "LookupError('two\\nlines')" in broken


# -- what is silenced ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("comment", "found"),
    [
        ("# noqa", 0),
        ("# noqa: AOR101", 0),
        ("# noqa: AOR1", 0),
        ("# noqa: E501, AOR101 for a reason", 0),
        ("# flake8-async-orm: ignore[missing-await] for a reason", 0),
        ("# flake8-async-orm: ignore[AOR1]", 0),
        ("# noqa: AOR501", 1),
        ("# noqa: E501", 1),
        ("# flake8-async-orm: ignore[AOR501]", 1),
    ],
)
def test_comments_silence_what_they_name(flake8: Flake8, tmp_path: Path, comment: str, found: int) -> None:
    write(tmp_path, app__py=MISUSE.replace("commit()", f"commit()  {comment}"))
    assert count(flake8()) == found


def test_noqa_can_be_disabled(flake8: Flake8, tmp_path: Path) -> None:
    write(tmp_path, app__py=MISUSE.replace("session.commit()", "session.commit()  # noqa"))
    assert count(flake8()) == 0
    assert count(flake8("--disable-noqa")) == 1


@pytest.mark.parametrize("comment", ["# flake8: noqa: AOR101", "# flake8-async-orm: ignore-file[AOR101]"])
def test_comments_silence_a_whole_file(flake8: Flake8, tmp_path: Path, comment: str) -> None:
    write(tmp_path, app__py=f"{comment}\n{MISUSE}")
    assert flake8() == []


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ((), 1),
        (("--select=E,AOR",), 1),
        (("--select=AOR101",), 1),
        (("--select=E",), 0),
        (("--ignore=AOR101",), 0),
        (("--extend-ignore=AOR1",), 0),
        (("--ignore=E501",), 1),
        (("--per-file-ignores=app.py:AOR101",), 0),
        (("--per-file-ignores=other.py:AOR101",), 1),
    ],
)
def test_flake8_s_own_options_hold(flake8: Flake8, tmp_path: Path, arguments: tuple[str, ...], found: int) -> None:
    write(tmp_path, app__py=MISUSE)
    assert count(flake8(*arguments, ".")) == found


@pytest.mark.usefixtures("off_by_default")
@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ((), 0),
        (("--select=AOR",), 0),
        (("--extend-select=AOR",), 0),
        # a list of the user's replaces the list of what flake8 and plugins ignore by default
        (("--ignore=E501",), 0),
        (("--extend-select=AOR501",), 0),
        (("--select=AOR101",), 1),
        (("--extend-select=AOR101",), 1),
        (("--extend-select=AOR10", "--ignore=E501"), 1),
        (("--extend-select=AOR101", "--ignore=AOR101"), 0),
    ],
)
def test_a_code_that_is_off_by_default_has_to_be_named(
    flake8: Flake8, tmp_path: Path, arguments: tuple[str, ...], found: int
) -> None:
    write(tmp_path, app__py=MISUSE)
    assert count(flake8(*arguments, ".")) == found


@pytest.mark.usefixtures("off_by_default")
def test_a_code_that_is_off_by_default_can_be_named_in_either_configuration(flake8: Flake8, tmp_path: Path) -> None:
    write(tmp_path, app__py=MISUSE, pyproject__toml='[tool.flake8-async-orm]\nextend-select = ["missing-await"]\n')
    assert count(flake8()) == 1
    write(tmp_path, pyproject__toml="", tox__ini="[flake8]\nextend-select = AOR101\n")
    assert count(flake8()) == 1


# -- settings ------------------------------------------------------------------------------------------------------------


def test_settings_come_from_the_command_line_then_flake8_then_pyproject(
    flake8: Flake8, tmp_path: Path, configs: list[Config]
) -> None:
    ours = '[tool.flake8-async-orm]\nsqlalchemy-version = "1.4"\nmaybe-paths = true\nexpire-on-commit = true\n'
    write(tmp_path, app__py=MISUSE, pyproject__toml=ours)
    flake8()
    settings = (
        "[flake8]\nasync-orm-sqlalchemy-version = 2.0\nasync-orm-maybe-paths = false\nasync_orm_src = lib, ./src\n"
    )
    write(tmp_path, tox__ini=settings)
    flake8()
    flake8(
        "--async-orm-sqlalchemy-version=2.1", "--async-orm-expire-on-commit=false", "--async-orm-report-guesses", "."
    )
    seen = [
        (one.sqlalchemy_version, one.maybe_paths, one.expire_on_commit, one.report_guesses, one.src) for one in configs
    ]
    directories = (str(tmp_path / "lib"), str(tmp_path / "src"))
    assert seen == [
        ("1.4", True, True, False, ()),
        ("2.0", False, True, False, directories),
        ("2.1", False, False, True, directories),
    ]


def test_each_file_has_the_settings_of_the_nearest_pyproject(
    flake8: Flake8, tmp_path: Path, configs: list[Config]
) -> None:
    tmp_path.joinpath("inner").mkdir()
    write(tmp_path, app__py=MISUSE, pyproject__toml="[tool.flake8-async-orm]\npreview = true\n")
    write(tmp_path / "inner", app__py=MISUSE, pyproject__toml="[tool.flake8-async-orm]\nmaybe-paths = true\n")
    flake8()
    assert sorted((one.preview, one.maybe_paths) for one in configs) == [(False, True), (True, False)]


@pytest.mark.parametrize(
    ("ours", "arguments", "found"),
    [
        ('ignore = ["AOR101"]', (), 0),
        ('ignore = ["AOR101"]', ("--ignore=E501",), 0),
        ('ignore = ["AOR101"]', ("--select=AOR101",), 1),
        ('ignore = ["AOR101"]', ("--ignore=AOR501",), 1),
        ('select = ["AOR5"]', (), 0),
        ('select = ["AOR5"]', ("--select=AOR",), 1),
        ('select = ["AOR5"]', ("--extend-select=AOR101",), 1),
        ('exclude = ["app.py"]', (), 0),
        ('per-file-ignores = { "app.py" = ["missing-await"] }', (), 0),
    ],
)
def test_what_pyproject_leaves_out(
    flake8: Flake8, tmp_path: Path, ours: str, arguments: tuple[str, ...], found: int
) -> None:
    write(tmp_path, app__py=MISUSE, pyproject__toml=f"[tool.flake8-async-orm]\n{ours}\n")
    assert count(flake8(*arguments, ".")) == found


def test_what_a_baseline_knows_is_left_out(flake8: Flake8, tmp_path: Path) -> None:
    write(tmp_path, app__py=MISUSE, known__json=baseline("app.py"))
    assert count(flake8()) == 1
    assert count(flake8("--async-orm-baseline=known.json", ".")) == 0
    write(tmp_path, tox__ini="[flake8]\nasync-orm-baseline = ./known.json\n")
    assert count(flake8()) == 0
    write(tmp_path, tox__ini="", pyproject__toml='[tool.flake8-async-orm]\nbaseline = "known.json"\n')
    assert count(flake8()) == 0
    write(tmp_path, known__json=baseline("other.py"))
    assert count(flake8()) == 1


@pytest.mark.parametrize(
    ("ours", "arguments", "line"),
    [
        ('baseline = "no.json"', (), "no.json: No such file or directory"),
        ("", ("--extend-select=AOR199",), "unknown code `AOR199`"),
        ("", ("--async-orm-sqlalchemy-version=new",), "`sqlalchemy-version` must be a version"),
        ("", ("--async-orm-expire-on-commit=perhaps",), "must be true or false"),
        ("slect = []", (), "unknown option `slect`; did you mean `select`?"),
    ],
)
def test_a_wrong_setting_ends_flake8_with_one_line(
    run: Run, tmp_path: Path, ours: str, arguments: tuple[str, ...], line: str
) -> None:
    write(tmp_path, app__py=MISUSE, pyproject__toml=f"[tool.flake8-async-orm]\n{ours}\n")
    done = run("flake8", *arguments, "app.py")
    assert (done.returncode, done.stdout) == (2, "")
    assert line in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


# -- how flake8 runs us --------------------------------------------------------------------------------------------------


MODULES = {
    "session.py": "from sqlalchemy.ext.asyncio import AsyncSession\n\n\nclass Session(AsyncSession):\n    pass\n",
    **{
        f"view{number}.py": MISUSE.replace("sqlalchemy.ext.asyncio", "session").replace("AsyncSession", "Session")
        for number in range(4)
    },
}


def test_processes_give_the_same_findings(run: Run, tmp_path: Path) -> None:
    for name, text in MODULES.items():
        tmp_path.joinpath(name).write_text(text)
    alone, together = (run("flake8", jobs, ".") for jobs in ("-j1", "-j3"))
    assert [line.split(" ")[0] for line in alone.stdout.splitlines()] == [
        f"./view{number}.py:6:5:" for number in range(4)
    ]
    assert (together.stdout, together.stderr) == (alone.stdout, alone.stderr)


def test_standard_input_is_linted_under_the_name_that_it_is_given(run: Run, tmp_path: Path) -> None:
    write(
        tmp_path,
        session__py=MODULES["session.py"],
        app__py="",
        tox__ini="[flake8]\nper-file-ignores = quiet.py:AOR101\n",
    )
    done = run("flake8", "--stdin-display-name", "app.py", "-", stdin=MODULES["view0.py"])
    assert done.stdout.startswith(f"app.py:{FOUND} ")
    # the file itself is not what is linted
    write(tmp_path, app__py=MODULES["view0.py"])
    assert run("flake8", "--stdin-display-name", "app.py", "-", stdin="").stdout == ""
    assert run("flake8", "--stdin-display-name", "quiet.py", "-", stdin=MISUSE).stdout == ""
    assert run("flake8", "-", stdin=MISUSE).stdout.startswith(f"stdin:{FOUND} ")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_file_is_parsed_once(flake8: Flake8, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, newline: str) -> None:
    # those that import it come before and after it
    modules = {name.replace("view3", "a"): text + f"# {name}\n" for name, text in MODULES.items()}
    for name, text in modules.items():
        tmp_path.joinpath(name).write_bytes(text.replace("\n", newline).encode())
    parsed: list[str] = []
    real = libcst.parse_module

    def parse_module(text: str, *arguments: Any) -> libcst.Module:
        parsed.append(text.replace("\r\n", "\n"))
        return real(text, *arguments)

    monkeypatch.setattr(libcst, "parse_module", parse_module)
    assert count(flake8("--select=AOR")) == 4
    # a fix is held to being Python, which is no parse of a file
    assert sorted(text for text in parsed if "import" in text) == sorted(modules.values())
