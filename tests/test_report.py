"""How findings look: to people, to editors, to machines."""

from __future__ import annotations

import dataclasses
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flake8_async_orm import codes
from flake8_async_orm.config import Config, SessionProvider
from flake8_async_orm.diagnostics import Diagnostic, Range, Related
from flake8_async_orm.edits import Edit, Fix
from flake8_async_orm.linting.findings import registered
from flake8_async_orm.report import colour, diffs, explain, render, render_statistics, settings, summary
from flake8_async_orm.report.colour import Paint
from flake8_async_orm.report.width import columns, expanded, visible

PLAIN = Paint(False)


def diagnostic(source: str = "    session.commit()", text: str = "session.commit()", **changes: Any) -> Diagnostic:
    lines = tuple(source.split("\n"))
    start = source.index(text)
    line, column = source.count("\n", 0, start), start - (source.rfind("\n", 0, start) + 1)
    stop = start + len(text)
    end_line, end_column = source.count("\n", 0, stop), stop - (source.rfind("\n", 0, stop) + 1)
    made = Diagnostic(
        code="AOR101",
        name="missing-await",
        message="`AsyncSession.commit` is never awaited",
        help="put `await` before it",
        path="app/crud.py",
        start=0,
        end=0,
        line=9 + line,
        column=column,
        end_line=9 + end_line,
        end_column=end_column,
        source_lines=lines[line : end_line + 1],
    )
    return dataclasses.replace(made, **changes)


MENDED = Fix("put `await` before it", (Edit(104, 104, "await "),), "safe")
RANGES = ((Range(9, 4, 9, 4),),)


def full(one: Diagnostic) -> list[str]:
    return render("full", [one], PLAIN).split("\n")


def test_full() -> None:
    one = diagnostic(
        fixes=(
            MENDED,
            Fix("drop it", (Edit(104, 120, ""),), "unsafe"),
            Fix("both", (Edit(0, 1, "", "x.py"),), "suggestion"),
        ),
        related=(
            Related("app/models.py", 120, 4, 120, 11, "made here", "    session = Session()"),
            Related("app/gone.py", 1, 0, 2, 0, "and here"),
        ),
    )
    assert render("full", [one, diagnostic(help="")], PLAIN) == (
        """\
app/crud.py:9:5: AOR101 [*] `AsyncSession.commit` is never awaited
    |
  9 |     session.commit()
    |     ^^^^^^^^^^^^^^^^
    |
    = help: put `await` before it
    = fix: put `await` before it (`--fix`)
    = fix: drop it (`--fix --unsafe-fixes`)
    = fix: both (a suggestion, for the editor, in x.py)
    --> app/models.py:120:5: made here
120 |     session = Session()
    |     -------
    --> app/gone.py:1:1: and here

app/crud.py:9:5: AOR101 `AsyncSession.commit` is never awaited
  |
9 |     session.commit()
  |     ^^^^^^^^^^^^^^^^
  |

"""
    )


def test_an_expression_over_some_lines_is_underlined_on_each() -> None:
    lines = full(diagnostic("  x = f(\n    a,\n\n  ).b", "f(\n    a,\n\n  ).b"))
    assert lines[1:10] == [
        "   |",
        " 9 |   x = f(",
        "   |       ^^",
        "10 |     a,",
        "   |     ^^",
        "11 |",
        "   | ^",
        "12 |   ).b",
        "   |   ^^^",
    ]


def test_an_expression_over_many_lines_is_cut() -> None:
    text = "f(\n" + "".join(f"    {name},\n" for name in "abcdef") + ")"
    shown = [line for line in full(diagnostic(text, text)) if "|" in line and "^" not in line]
    assert [line.strip(" |") for line in shown if line.strip(" |")] == [
        "9 | f(",
        "10 |     a,",
        "11 |     b,",
        "...",
        "16 | )",
    ]
    long = diagnostic(text, text, end_line=99, source_lines=("f(",) * 12)
    assert [line.split("|")[0].strip() for line in full(long)[1:] if "|" in line and "^" not in line] == [
        *("", "9", "10", "11", "...", "")
    ]


@pytest.mark.parametrize(
    ("source", "text", "shown", "marks"),
    [
        ("\tx = a.b", "a.b", "    x = a.b", "        ^^^"),
        ("ab\tc", "c", "ab  c", "    ^"),
        ("'日本' + x", "x", "'日本' + x", "         ^"),
        ("'日本'", "日本", "'日本'", " ^^^^"),
        ("'e\u0301' + x", "x", "'e\u0301' + x", "      ^"),
        ("x = '\x1b[31m' + y", "y", "x = '\u241b[31m' + y", "              ^"),
        ("x = '\u202e' + y", "y", "x = '\ufffd' + y", "          ^"),
        ("x = '\u2028' + y", "y", "x = '\ufffd' + y", "          ^"),
    ],
)
def test_the_underline_is_below_the_text(source: str, text: str, shown: str, marks: str) -> None:
    assert full(diagnostic(source, text))[2:4] == [f"9 | {shown}", f"  | {marks}"]


def test_an_empty_range_has_a_mark() -> None:
    one = diagnostic("def f(", "def f(", column=6)
    assert full(one)[3] == "  |       ^"
    assert len(full(diagnostic(source_lines=()))) == 4


def test_a_long_line_is_cut_around_the_place() -> None:
    source = "x = [" + "1, " * 500 + "bad, " + "2, " * 500 + "]"
    _, _, text, marks, *_ = full(diagnostic(source, "bad"))
    assert len(text) < 160
    assert text[marks.index("^") : marks.index("^") + 3] == "bad"
    assert marks.count("^") == 3
    assert text.startswith("9 | …") and text.endswith("…")


def test_concise() -> None:
    unsafe = diagnostic(fixes=(dataclasses.replace(MENDED, safety="unsafe"),))
    assert render("concise", [diagnostic(fixes=(MENDED,)), unsafe], PLAIN) == (
        "app/crud.py:9:5: AOR101 [*] `AsyncSession.commit` is never awaited\n"
        "app/crud.py:9:5: AOR101 `AsyncSession.commit` is never awaited\n"
    )
    assert "[*]" in render("concise", [unsafe], PLAIN, unsafe=True)


def test_a_finding_is_one_line_whatever_its_path() -> None:
    one = diagnostic(path="a\nb\x1b.py", message="two\nlines")
    assert render("concise", [one], PLAIN) == "a\u240ab\u241b.py:9:5: AOR101 two lines\n"


def test_json() -> None:
    one = diagnostic(
        fixes=(MENDED, Fix("drop it", (Edit(104, 120, ""),), "suggestion")),
        fix_ranges=(*RANGES, (Range(9, 4, 9, 20),)),
        related=(Related("app/models.py", 3, 4, 3, 11, "made here", "x"),),
        function="Repo.save",
        severity="warning",
    )
    (record,) = json.loads(render("json", [one], PLAIN))
    assert record == {
        "code": "AOR101",
        "name": "missing-await",
        "message": "`AsyncSession.commit` is never awaited",
        "help": "put `await` before it",
        "severity": "warning",
        "filename": "app/crud.py",
        "location": {"row": 9, "column": 5},
        "end_location": {"row": 9, "column": 21},
        "function": "Repo.save",
        "related": [
            {
                "message": "made here",
                "filename": "app/models.py",
                "location": {"row": 3, "column": 5},
                "end_location": {"row": 3, "column": 12},
            }
        ],
        "fix": {
            "applicability": "safe",
            "message": "put `await` before it",
            "edits": [
                {
                    "filename": "app/crud.py",
                    "content": "await ",
                    "location": {"row": 9, "column": 5},
                    "end_location": {"row": 9, "column": 5},
                }
            ],
        },
        "alternatives": [
            {
                "applicability": "display",
                "message": "drop it",
                "edits": [
                    {
                        "filename": "app/crud.py",
                        "content": "",
                        "location": {"row": 9, "column": 5},
                        "end_location": {"row": 9, "column": 21},
                    }
                ],
            }
        ],
        "noqa_row": 9,
        "url": None,
    }
    assert json.loads(render("json", [], PLAIN)) == []


def test_statistics() -> None:
    found = [diagnostic(), diagnostic(fixes=(MENDED,)), *[diagnostic(code="AOR501", name="lazy-load")] * 9]
    found = [*found, *[diagnostic(code="AOR501", name="lazy-load")] * 2]
    assert render_statistics("full", found, PLAIN) == "11  AOR501  [ ]  lazy-load\n 2  AOR101  [*]  missing-await\n"
    assert json.loads(render_statistics("json", found, PLAIN))[1] == {
        "code": "AOR101",
        "name": "missing-await",
        "count": 2,
        "fixable": 1,
    }
    assert render_statistics("concise", [], PLAIN) == ""


def test_the_summary_says_what_can_be_fixed_and_how() -> None:
    safe = diagnostic(fixes=(MENDED,), fix_ranges=RANGES)
    unsafe = diagnostic(path="b.py", fixes=(dataclasses.replace(MENDED, safety="unsafe"),), fix_ranges=RANGES)
    hint = diagnostic(fixes=(dataclasses.replace(MENDED, safety="suggestion"),))
    assert summary.summary([], 1, False) == ["No findings in 1 file."]
    assert summary.summary([hint], 2, False) == ["Found 1 finding in 1 of 2 files."]
    assert summary.summary([safe, unsafe, hint], 3, False) == [
        "Found 3 findings in 2 of 3 files.",
        "[*] 1 fixable with `--fix` (1 more with `--unsafe-fixes`).",
    ]
    assert summary.summary([unsafe], 3, False)[1] == "1 fixable with `--fix --unsafe-fixes`."
    assert summary.summary([safe, unsafe], 3, True)[1] == "[*] 2 fixable with `--fix --unsafe-fixes`."
    assert summary.fixing(1, 1, "fixed") == "Fixed 1 finding in 1 file."
    assert summary.fixing(2, 2, "would fix") == "Would fix 2 findings in 2 files."


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("choice", "environment", "terminal", "expected"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"FORCE_COLOR": "0"}, False, False),
        ("auto", {"CLICOLOR_FORCE": "1"}, False, True),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_when_there_is_colour(choice: str, environment: dict[str, str], terminal: bool, expected: bool) -> None:
    stream = Terminal() if terminal else io.StringIO()
    assert colour.wanted(choice, stream, environment) is expected


def test_colour_changes_nothing_but_colour() -> None:
    import re

    one = diagnostic(fixes=(MENDED,), related=(Related("a.py", 1, 0, 1, 1, "here", "x"),))
    for name in ("full", "concise"):
        painted = render(name, [one], Paint(True))
        assert "\x1b[" in painted
        assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == render(name, [one], PLAIN)


def test_diffs() -> None:
    before, after = "a\nb\r\nc\x0c\u2028d\ne", "a\nB\r\nc\x0c\u2028d\ne"
    assert diffs.diff("x.py", before, after, PLAIN) == (
        "--- a/x.py\n+++ b/x.py\n@@ -1,4 +1,4 @@\n a\n-b\r\n+B\r\n c\x0c\u2028d\n e\n\\ No newline at end of file\n"
    )
    assert diffs.diff("x.py", "", "a\n", PLAIN) == "--- a/x.py\n+++ b/x.py\n@@ -0,0 +1 @@\n+a\n"
    assert diffs.diff("x.py", "a\n", "a\n", PLAIN) == ""


def test_settings_are_toml(tmp_path: Path) -> None:
    library = pytest.importorskip("tomllib" if sys.version_info >= (3, 11) else "tomli")
    config = Config(
        root=str(tmp_path),
        ignore=("AOR1",),
        per_file_ignores=(("tests/*", ("AOR5",)),),
        severity=(("AOR5", "hint"),),
        session_providers=(SessionProvider("a.b", "session", "call"),),
    )
    table = library.loads(settings.settings(config))["tool"]["flake8-async-orm"]
    assert table["ignore"] == ["AOR1"]
    assert table["per-file-ignores"] == {"tests/*": ["AOR5"]}
    assert table["severity"] == {"AOR5": "hint"}
    assert table["session-providers"] == [{"name": "a.b", "gives": "session", "how": "call"}]
    assert table["preview"] is False
    assert "baseline" not in table


def test_the_table_of_codes_is_current() -> None:
    root = Path(__file__).resolve().parent.parent
    command = [sys.executable, "scripts/generate_codes.py", "--check"]
    done = subprocess.run(command, cwd=root, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [dataclasses.asdict(row) for row in codes.table().values()] == explain.code_rows(registered())


def test_explanations_hold_the_whole_docstring() -> None:
    for code, row in codes.table().items():
        rule = registered()[code]
        text = explain.explain(row, rule, PLAIN)
        assert text.startswith(f"# {rule.name} ({code})\n\n{rule.summary}\n")
        for title, body in rule.sections.items():
            assert f"## {title}\n" in text
            assert body in text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("AOR501", "AOR501"),
        ("AOR5", "AOR5"),
        ("AOR", "AOR"),
        ("lazy-load", "AOR501"),
        ("AOR8", None),
        ("AO", None),
        ("", None),
    ],
)
def test_codes_prefixes_and_names(text: str, code: str | None) -> None:
    assert codes.resolve(text) == code


def test_width() -> None:
    assert columns("a\tb") == 5
    assert columns("日\t") == 4
    assert expanded("日\tx") == "日  x"
    assert visible("a\tb\x00\x7f") == "a\tb\u2400\u2421"
