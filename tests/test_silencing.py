"""Comments that are put on findings, and those that silence nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flake8_async_orm import edits
from flake8_async_orm.config import Config
from flake8_async_orm.diagnostics import Diagnostic
from flake8_async_orm.linting import FixResult, fix, lint
from flake8_async_orm.linting.silencing import Style, added, silence
from flake8_async_orm.linting.unused import removal
from flake8_async_orm.project import Workspace
from flake8_async_orm.source import Source
from flake8_async_orm.suppression import Suppressions

HEAD = "from sqlalchemy.ext.asyncio import AsyncSession\n\n\nasync def save(session: AsyncSession) -> None:\n"
BAD = HEAD + "    session.commit()\n"


def parts(text: str, folder: Path, **settings: Any) -> tuple[Source, Any, Config]:
    path = folder / "app.py"
    path.write_bytes(text.encode())
    config = Config(root=str(folder), **settings)
    return Source.from_bytes(str(path), text.encode()), Workspace(config).project_for(str(path)), config


def silenced(text: str, folder: Path, style: Style = "noqa") -> FixResult:
    return silence(*parts(text, folder), style)


def put(text: str, line: int, words: str, style: Style = "noqa") -> str:
    """The text with words on a finding of a 1-based line."""
    return edits.replace(text, added(text, {line: dict.fromkeys(words.split())}, style))


# -- where the comment goes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\n", "a  # noqa: AOR1, AOR2\n"),
        ("a", "a  # noqa: AOR1, AOR2"),
        ("a  \t\r\nb", "a  # noqa: AOR1, AOR2  \t\r\nb"),
        ("a  # why\n", "a  # why  # noqa: AOR1, AOR2\n"),
        ("a  # noqa: E501\n", "a  # noqa: E501, AOR1, AOR2\n"),
        ("a  # noqa:E501,W1 because\n", "a  # noqa:E501,W1, AOR1, AOR2 because\n"),
        ("a  # type: ignore  # noqa: E501  # x\n", "a  # type: ignore  # noqa: E501, AOR1, AOR2  # x\n"),
        ('a = """\n""".b\nc', 'a = """\n""".b  # noqa: AOR1, AOR2\nc'),
        ("a + \\\n  b\n", "a + \\\n  b  # noqa: AOR1, AOR2\n"),
        ("f(\n  a,\n)\n", "f(  # noqa: AOR1, AOR2\n  a,\n)\n"),
        ("a = '# noqa: E1'\n", "a = '# noqa: E1'\n"),
    ],
)
def test_noqa(before: str, after: str) -> None:
    assert put(before, 1, "AOR1 AOR2") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\n", "a  # flake8-async-orm: ignore[lazy-load]\n"),
        ("a  # noqa: E501\n", "a  # noqa: E501  # flake8-async-orm: ignore[lazy-load]\n"),
        (
            "a  # flake8-async-orm: ignore[AOR1] why\n",
            "a  # flake8-async-orm: ignore[AOR1, lazy-load] why\n",
        ),
        ("a  # flake8-async-orm: ignore[]\n", "a  # flake8-async-orm: ignore[lazy-load]\n"),
        (
            "# flake8-async-orm: ignore-file[AOR1]\n",
            "# flake8-async-orm: ignore-file[AOR1]  # flake8-async-orm: ignore[lazy-load]\n",
        ),
    ],
)
def test_our_own(before: str, after: str) -> None:
    assert put(before, 1, "lazy-load", "ignore") == after


# -- a whole file --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("style", "comment"), [("noqa", "# noqa: AOR101"), ("ignore", "# flake8-async-orm: ignore[missing-await]")]
)
def test_findings_are_silenced(tmp_path: Path, style: Style, comment: str) -> None:
    result = silenced(BAD.replace("\n", "\r\n"), tmp_path, style)
    assert result.text == BAD.replace("\n", "\r\n").replace("commit()", f"commit()  {comment}")
    assert (result.applied, result.remaining, result.refused) == ((("AOR101", "Silence `missing-await`"),), (), None)
    assert result.data == result.text.encode()
    again = silenced(result.text, tmp_path, style)
    assert (again.text, again.applied) == (result.text, ())


def test_several_on_one_line_share_a_comment(tmp_path: Path) -> None:
    result = silenced(HEAD + "    session.commit(); session.flush()\n    await session.add(1)\n", tmp_path)
    assert result.text.splitlines()[-2:] == [
        "    session.commit(); session.flush()  # noqa: AOR101",
        "    await session.add(1)  # noqa: AOR103",
    ]
    assert len(result.applied) == 3


def test_where_there_is_no_place_it_is_said(tmp_path: Path) -> None:
    result = silenced(HEAD + "    print('# noqa: E501', session.commit().x)\n", tmp_path)
    assert (result.applied, result.refused) == ((), "there is no place for a comment")
    assert len(result.remaining) == 1


def test_a_broken_file_is_left_alone(tmp_path: Path) -> None:
    result = silenced("def f(:\n", tmp_path)
    assert (result.text, result.refused) == ("def f(:\n", None)
    assert [one.code for one in result.remaining] == ["AOR000"]


def test_what_would_change_the_code_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from flake8_async_orm.linting import silencing

    monkeypatch.setattr(silencing, "added", lambda *_: [edits.Edit(0, 0, "import os\n")])
    result = silenced(BAD, tmp_path)
    assert (result.text, result.refused) == (BAD, "a comment would change the code")
    monkeypatch.setattr(silencing, "added", lambda *_: [edits.Edit(0, 0, "# noqa\n")])
    result = silenced(BAD, tmp_path)
    assert (result.text, result.refused) == (BAD, "the findings would still be reported")


# -- comments that silence nothing ---------------------------------------------------------------------------------------


def unused(text: str, folder: Path, noqa: bool = True, **settings: Any) -> list[Diagnostic]:
    given = {"extend_select": ("AOR901",), **settings}
    return [one for one in lint(*parts(text, folder, **given), noqa=noqa) if one.code == "AOR901"]


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("# noqa: AOR501", "`AOR501` silences nothing here; drop it from the comment"),
        ("# noqa: AOR101, AOR501, AOR2", "`AOR501`, `AOR2` silence nothing here; drop them from the comment"),
        ("# noqa: AOR999", "`AOR999` silences nothing here; drop it from the comment"),
        ("# flake8-async-orm: ignore[lazy-load]", "`lazy-load` silences nothing here; drop it from the comment"),
        ("# flake8-async-orm: ignore[AOR1, lazy-laod]", "`lazy-laod` silences nothing here; drop it from the comment"),
        ("# noqa: AOR101", None),
        ("# noqa: AOR", None),
        ("# noqa: E501", None),
        ("# noqa", None),
        ("# flake8-async-orm: ignore[AOR10]", None),
        ("# flake8-async-orm: ignore[missing-await]", None),
        ("# flake8-async-orm: ignore[]", None),
        ("# noqa: AOR501, AOR901", None),
        ("# noqa: AOR901", None),
    ],
)
def test_what_silences_nothing(tmp_path: Path, comment: str, said: str | None) -> None:
    found = unused(BAD.replace("commit()", f"commit()  {comment}"), tmp_path)
    assert [one.message for one in found] == ([] if said is None else [said])
    for one in found:
        assert (one.line, one.column) == (5, 22)
        assert one.end - one.start == len(comment)
        assert ("did you mean `lazy-load`" in one.help) is ("laod" in comment)


def test_it_is_off_by_default_and_only_about_what_is_looked_for(tmp_path: Path) -> None:
    text = HEAD + "    await session.commit()  # noqa: AOR501\n"
    assert lint(*parts(text, tmp_path)) == []
    assert len(unused(text, tmp_path)) == 1
    assert unused(text, tmp_path, ignore=("AOR501",)) == []
    assert unused(text, tmp_path, select=("AOR1",)) == []
    assert unused(text, tmp_path, per_file_ignores=(("app.py", ("AOR5",)),)) == []
    assert unused(text, tmp_path, noqa=False) == []
    assert unused("def f(:  # noqa: AOR501\n", tmp_path) == []
    assert len(unused("x = 1  # noqa: AOR501\n", tmp_path)) == 1


def test_a_comment_for_the_whole_file(tmp_path: Path) -> None:
    head = "# flake8-async-orm: ignore-file[AOR101, AOR5] generated\n# flake8: noqa: AOR2\n"
    first, second = unused(head + BAD, tmp_path)
    assert first.message.startswith("`AOR5` silences") and second.message.startswith("`AOR2` silences")
    assert unused("# flake8-async-orm: ignore-file[unused-suppression]\n" + head + BAD, tmp_path) == []
    assert unused("# flake8: noqa\n" + head + BAD, tmp_path) == []


@pytest.mark.parametrize(
    ("before", "dropped", "after"),
    [
        ("a  # noqa: AOR1\n", "AOR1", "a\n"),
        ("a  # noqa: AOR1", "AOR1", "a"),
        ("a  # noqa: AOR1\r\nb", "AOR1", "a\r\nb"),
        ("a  # noqa: AOR1, E1\n", "AOR1", "a  # noqa: E1\n"),
        ("a  # noqa: E1,AOR1,W1,AOR2\n", "AOR1 AOR2", "a  # noqa: E1,W1\n"),
        ("a  # noqa: AOR1 because\n", "AOR1", "a  # because\n"),
        ("a  # noqa: AOR1  # type: ignore\n", "AOR1", "a  # type: ignore\n"),
        ("a  # type: ignore  # noqa: AOR1\n", "AOR1", "a  # type: ignore\n"),
        ("# flake8: noqa: AOR1\nb", "AOR1", "b"),
        ("x\n  # flake8-async-orm: ignore-file[AOR1]\r\nb", "AOR1", "x\nb"),
        ("a  # flake8-async-orm: ignore[AOR1] it is loaded\n", "AOR1", "a  # it is loaded\n"),
        ("a  # flake8-async-orm: ignore[AOR1, lazy-load]\n", "AOR1", "a  # flake8-async-orm: ignore[lazy-load]\n"),
    ],
)
def test_what_is_left_of_the_comment(before: str, dropped: str, after: str) -> None:
    (one,) = Suppressions.parse(before).all
    items = tuple(item for item in one.items if item.text in dropped.split())
    assert edits.replace(before, [removal(before, one, items)]) == after


def test_the_fix_is_safe_and_leaves_the_rest(tmp_path: Path) -> None:
    text = (
        "# flake8: noqa: AOR2\n"
        + HEAD
        + "    await session.commit()  # noqa: AOR501\n    session.flush()  # noqa: AOR101\n"
    )
    result = fix(*parts(text, tmp_path, extend_select=("AOR901",)))
    assert result.text == HEAD + "    await session.commit()\n    session.flush()  # noqa: AOR101\n"
    assert ([code for code, _ in result.applied], result.remaining, result.withheld) == (["AOR901"] * 2, (), ())
