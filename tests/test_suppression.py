"""Which comments silence what, and where they stand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flake8_async_orm.suppression import Suppressions


def silent(text: str, code: str = "AOR501", name: str = "lazy-load") -> list[int]:
    """The 1-based lines on which a finding is silenced."""
    found = Suppressions.parse(text)
    return [line for line in range(1, text.count("\n") + 1) if found.covers(code, name, line)]


class TestNoqa:
    @pytest.mark.parametrize(
        ("comment", "covers"),
        [
            ("# noqa", True),
            ("# NoQA", True),
            ("#noqa", False),
            ("#  noqa", False),
            ("# noqa: AOR501", True),
            ("# noqa:AOR501", True),
            ("# noqa: AOR5", True),
            ("# noqa: AOR", True),  # letters alone are no code: everything is silenced
            ("# noqa: A", True),
            ("# noqa: AOR101", False),
            ("# noqa: AOR5011", False),
            ("# noqa: aor501", False),
            ("# noqa: E501,AOR501", True),
            ("# noqa: E501, W1 AOR501 because", True),
            ("# noqa: E501 because of AOR501", False),
            ("# noqa:  E501", True),  # two blanks: no codes are seen
            ("# noqa : E501", True),
            ("# noqa E501", True),
            ("# noqa: E-501", True),
            ("# because # noqa: AOR501", True),
            ("# noqa: lazy-load", True),
            ("# flake8-async-orm noqa", False),
        ],
    )
    def test_as_flake8_reads_it(self, comment: str, covers: bool) -> None:
        assert silent(f"a\nb  {comment}\nc\n") == ([2] if covers else [])

    def test_the_first_one_of_a_row_counts(self) -> None:
        assert silent("a  # noqa: E1  # noqa: AOR501\n") == []

    def test_rows_of_a_bracket_stand_alone(self) -> None:
        assert silent("f(\n    a,\n    b,\n)  # noqa: AOR501\n") == [4]

    @pytest.mark.parametrize(
        ("text", "lines"),
        [
            ('x = """\na\n""".b  # noqa: AOR501\ny\n', [1, 2, 3]),
            ("x = a + \\\n    b  # noqa: AOR501\ny\n", [1, 2]),
            ('x = f"""\n{a}\n""".b  # noqa: AOR501\ny\n', [1, 2, 3]),
            ("def f():\n    x = '''\n    '''  # noqa: AOR501\n    y\n", [2, 3]),
            ("x = '''\n# noqa: AOR501\n'''\n", [1, 2, 3]),
        ],
    )
    def test_rows_of_one_token_stand_together(self, text: str, lines: list[int]) -> None:
        assert silent(text) == lines

    def test_rows_that_stand_together_are_told_once(self) -> None:
        (only,) = Suppressions.parse("x = '''\n# noqa: E1\n'''  # noqa: AOR501\n").all
        assert (only.first, only.last, only.line, only.in_comment) == (1, 3, 2, False)

    def test_in_a_string_as_flake8_has_it(self) -> None:
        found = Suppressions.parse("x = '# noqa: AOR501'\ny = 1  # noqa: AOR501\n").all
        assert [(one.line, one.in_comment) for one in found] == [(1, False), (2, True)]

    @pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
    def test_newlines(self, newline: str) -> None:
        text = newline.join(["a", "b  # noqa: AOR501", "c\u2028\f  # noqa", "d"])
        assert [one.line for one in Suppressions.parse(text).all] == [2, 3]
        for one in Suppressions.parse(text).all:
            assert text[one.start : one.end].startswith("# noqa")

    def test_what_is_no_python(self) -> None:
        assert silent("x = ((  # noqa: AOR501\n'a\ny  # noqa\n") == [1, 3]


class TestFile:
    @pytest.mark.parametrize(
        ("comment", "covers"),
        [
            ("# flake8: noqa", True),
            ("# FLAKE8=NOQA", True),
            ("    # flake8: noqa", True),
            ("x  # flake8: noqa", False),
            ("# flake8: noqa: AOR501", True),
            ("# flake8: noqa: AOR1", False),
            ("#flake8: noqa", False),
        ],
    )
    def test_flake8(self, comment: str, covers: bool) -> None:
        assert silent(f"a\n{comment}\nb\n") == ([1, 2, 3] if covers else [])

    @pytest.mark.parametrize(
        ("comment", "covers"),
        [
            ("# flake8-async-orm: ignore-file[AOR501]", True),
            ("  # flake8-async-orm: ignore-file[lazy-load, AOR1] generated", True),
            ("# flake8-async-orm: ignore-file[AOR1]", False),
            ("# flake8-async-orm: ignore-file[]", False),
            ("# flake8-async-orm: ignore-file", False),
            ("x = 1  # flake8-async-orm: ignore-file[AOR501]", False),
            ("x = '# flake8-async-orm: ignore-file[AOR501]'", False),
        ],
    )
    def test_our_own(self, comment: str, covers: bool) -> None:
        assert silent(f"if a:\n  b\n{comment}\n") == ([1, 2, 3] if covers else [])


class TestOwn:
    @pytest.mark.parametrize(
        ("comment", "covers"),
        [
            ("# flake8-async-orm: ignore[AOR501]", True),
            ("#flake8-async-orm:ignore[AOR501]", True),
            ("# flake8-async-orm: ignore[AOR5]", True),
            ("# flake8-async-orm: ignore[lazy-load]", True),
            ("# flake8-async-orm: ignore[ AOR101 , lazy-load ] the list is short", True),
            ("# noqa: F401  # flake8-async-orm: ignore[AOR501]", True),
            ("# flake8-async-orm: ignore[AOR101] # flake8-async-orm: ignore[AOR501]", True),
            ("# flake8-async-orm: ignore[aor501]", False),
            ("# flake8-async-orm: ignore[lazy]", False),
            ("# flake8-async-orm: ignore[]", False),
            ("# flake8-async-orm: ignore", False),
            ("# flake8-async-orm: ignore[AOR501", False),
            ("# other: ignore[AOR501]", False),
        ],
    )
    def test_codes_prefixes_names(self, comment: str, covers: bool) -> None:
        assert silent(f"a\nb  {comment}\nc\n") == ([2] if covers else [])

    def test_not_in_a_string(self) -> None:
        assert silent("x = '# flake8-async-orm: ignore[AOR501]'\n") == []

    def test_rows_of_one_token_stand_together(self) -> None:
        assert silent('x = """\n""".b  # flake8-async-orm: ignore[AOR501]\n') == [1, 2]

    def test_where_it_stands(self) -> None:
        text = "é = '😀'  # noqa: E1, AOR501 why  # flake8-async-orm: ignore[AOR1, lazy-load] why\n"
        noqa, own = Suppressions.parse(text).all
        assert text[noqa.start : noqa.end] == "# noqa: E1, AOR501"
        assert text[own.start : own.end] == "# flake8-async-orm: ignore[AOR1, lazy-load]"
        for one, words in ((noqa, ["E1", "AOR501"]), (own, ["AOR1", "lazy-load"])):
            assert [item.text for item in one.items] == words
            assert [text[item.start : item.end] for item in one.items] == words

    def test_what_was_of_use_can_be_told(self) -> None:
        found = Suppressions.parse("a  # noqa: AOR5\n# flake8-async-orm: ignore-file[AOR1]\nb  # noqa\n")
        assert [one.kind for one in found.all] == ["noqa", "ignore-file", "noqa"]
        assert found.matching("AOR101", "missing-await", 1) == [found.all[1]]
        assert found.matching("AOR501", "lazy-load", 1) == [found.all[0]]
        assert found.matching("AOR101", "missing-await", 3) == [found.all[1], found.all[2]]


def test_texts_without_the_words_are_not_tokenised(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise AssertionError

    monkeypatch.setattr("tokenize.generate_tokens", fail)
    assert Suppressions.parse("x = 1  # nothing\n").all == ()


ROWS = '''\
import a  # noqa
import b  # noqa: F401
import c  # NOQA:F401
import d  # noqa : F8
import e  # noqa:  F8
import f  # noqa: f401
import g  # noqa: E501 F401 why
import h  #noqa
import i  # noqa: F40,E1
import j  # noqa: E1  # noqa: F401
import k, \\
    l  # noqa: F401
from m import (
    n,
    o,
)  # noqa: F401
import p; """
"""  # noqa: F401
'# noqa: F401'; import q
import r  # noqa: E-1
'''


def test_flake8_itself_agrees(tmp_path: Path) -> None:
    (tmp_path / "rows.py").write_text(ROWS, encoding="utf-8")
    command = [sys.executable, "-m", "flake8", "--isolated", "--select=F401", "--format=%(row)d", "rows.py"]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    every = subprocess.run([*command, "--disable-noqa"], cwd=tmp_path, capture_output=True, text=True, check=False)
    reported = {int(row) for row in every.stdout.split()}
    assert len(reported) >= 15
    found = Suppressions.parse(ROWS)
    assert {row for row in reported if not found.covers("F401", "", row)} == {int(row) for row in shown.stdout.split()}
