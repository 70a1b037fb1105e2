"""From a source to diagnostics and fixed text, with an interpreter, rules and builders that the tests make up.

The made-up interpreter states a fact for every name that begins with `bad`; what the fix makes of it is up to each test.
"""

from __future__ import annotations

import multiprocessing
import pickle
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flake8_async_orm.config import Config, SessionProvider
from flake8_async_orm.diagnostics import Diagnostic
from flake8_async_orm.edits import Edit, Fix
from flake8_async_orm.facts import AnalysisFailed, Fact
from flake8_async_orm.linting import FixResult, batch, findings, fix, lint, outcomes
from flake8_async_orm.project import Workspace
from flake8_async_orm.records import record
from flake8_async_orm.rule import Finding, FixRequest, Rule
from flake8_async_orm.source import Source
from flake8_async_orm.values import Site

HEAD = "import sqlalchemy  # async\n"
Builder = Callable[[str, Source, int], Fix | None]


@record
class NameSeen(Fact):
    name: str


def seen(source: Source, project: object, *_: object) -> list[Fact]:
    facts: list[Fact] = []
    for number, node in enumerate(source.nodes):
        name = getattr(node, "value", None)
        if type(node).__name__ == "Name" and isinstance(name, str) and name.startswith("bad"):
            facts.append(NameSeen(Site(source.path, number), name))
    return facts


def made(code: str, check: Callable[[Any], Finding | None], fact: type[Fact], default: bool = True) -> Rule:
    def coded(found: Fact) -> Finding | None:
        finding = check(found)
        if finding is None:
            return None
        return Finding(
            finding.message, finding.site, finding.help, finding.related, finding.fixes, code, f"rule-{code[3:]}"
        )

    return Rule(code, f"rule-{code[3:]}", (fact,), coded, "", {}, default, "0", False)


def say(fact: NameSeen) -> Finding:
    return Finding(
        f"`{fact.name}` is bad",
        fact.site,
        "be good",
        ((fact.site, "seen here"),),
        (FixRequest("x", "mend", "safe", (fact.site,)),),
    )


def say_of_others(fact: NameSeen) -> Finding | None:
    return Finding("of this kind too", fact.site) if fact.name.startswith("bad_too") else None


def say_failed(fact: AnalysisFailed) -> Finding:
    return Finding(f"could not analyse this file ({fact.reason})", fact.site)


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch) -> Callable[[Builder], None]:
    """Puts everything made up in place; the tests set what a fix does."""
    rules = [
        made("AOR000", say_failed, AnalysisFailed),
        made("AOR101", say, NameSeen),
        made("AOR103", say_of_others, NameSeen),
        made("AOR407", say, NameSeen, default=False),
    ]
    builder: list[Builder] = [lambda name, source, number: None]

    def build(request: FixRequest, sources: Callable[[str], Source]) -> Fix | None:
        site = request.sites[0]
        assert site is not None
        source = sources(site.path)
        span = source.span(site.node)
        return builder[0](source.text[span.start : span.end], source, span.start)

    monkeypatch.setattr(findings, "interpret", seen)
    monkeypatch.setattr(findings, "registered", lambda: {rule.code: rule for rule in rules})
    monkeypatch.setattr(findings, "build", build)
    return lambda made_up: builder.__setitem__(0, made_up)


def renaming(new: str, safety: Any = "safe", path: str | None = None) -> Builder:
    def rename(name: str, source: Source, start: int) -> Fix:
        return Fix("mend", (Edit(start, start + len(name), new, path),), safety)

    return rename


def run(text: str | bytes, folder: Path, name: str = "app.py", **settings: Any) -> list[Diagnostic]:
    return lint(*parts(text, folder, name, **settings))


def parts(text: str | bytes, folder: Path, name: str = "app.py", **settings: Any) -> Any:
    path = folder / name
    data = text.encode() if isinstance(text, str) else text
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    config = Config(root=str(folder), **settings)
    return Source.from_bytes(str(path), data), Workspace(config).project_for(str(path)), config


def mended(text: str | bytes, folder: Path, unsafe: bool = False, **settings: Any) -> FixResult:
    return fix(*parts(text, folder, **settings), unsafe=unsafe)


# -- findings ------------------------------------------------------------------------------------------------------------


def test_a_diagnostic_has_everything(build: Callable[[Builder], None], tmp_path: Path) -> None:
    build(renaming("good"))
    text = (
        HEAD + "class A:\n    def f(self):\n        def g():\n            é = '€'; print(bad,\n                  1)\n"
    )
    (found,) = run(text, tmp_path)
    start = text.index("bad")
    assert (found.code, found.name, found.message, found.help) == ("AOR101", "rule-101", "`bad` is bad", "be good")
    assert (found.start, found.end) == (start, start + 3)
    assert (found.line, found.column, found.end_line, found.end_column) == (5, 27, 5, 30)
    assert found.function == "A.f.g"
    assert found.source_line == "            é = '€'; print(bad,"
    assert found.path == str(tmp_path / "app.py")
    (related,) = found.related
    assert (related.line, related.column, related.text, related.source_line) == (5, 27, "seen here", found.source_line)
    assert found.fixes == (Fix("mend", (Edit(start, start + 3, "good"),), "safe"),)
    assert found.fix_ranges == (((5, 27, 5, 30),),)
    assert pickle.loads(pickle.dumps(found)) == found


def test_order_and_selection(build: Callable[[Builder], None], tmp_path: Path) -> None:
    text = HEAD + "bad_too = bad\n"
    assert [(one.code, one.column) for one in run(text, tmp_path)] == [("AOR101", 0), ("AOR103", 0), ("AOR101", 10)]
    assert [one.code for one in run(text, tmp_path, ignore=("AOR101",))] == ["AOR103"]
    assert [one.code for one in run(text, tmp_path, select=("AOR4",))] == ["AOR407", "AOR407"]
    assert run(text, tmp_path, per_file_ignores=(("app.py", ("AOR1",)),)) == []


@pytest.mark.parametrize(
    ("comment", "codes"),
    [
        ("", ["AOR101", "AOR103"]),
        ("  # noqa", []),
        ("  # noqa: AOR101", ["AOR103"]),
        ("  # flake8-async-orm: ignore[rule-103] known", ["AOR101"]),
        ("\n# flake8-async-orm: ignore-file[AOR1]", []),
    ],
)
def test_suppression(build: Callable[[Builder], None], tmp_path: Path, comment: str, codes: list[str]) -> None:
    assert [one.code for one in run(f"{HEAD}bad_too = 1{comment}\n", tmp_path)] == codes


def test_comments_of_flake8_can_be_left_aside(build: Callable[[Builder], None], tmp_path: Path) -> None:
    text = f"{HEAD}# flake8: noqa\nbad = 1  # noqa\nbad = 2  # flake8-async-orm: ignore[AOR101]\n"
    assert run(text, tmp_path) == []
    assert [one.line for one in lint(*parts(text, tmp_path), noqa=False)] == [3]
    (failed,) = lint(*parts("def f(:  # noqa\n", tmp_path), noqa=False)
    assert (failed.code, failed.line) == ("AOR000", 1)


def test_nobody_who_wants_no_fixes_pays_for_them(build: Callable[[Builder], None], tmp_path: Path) -> None:
    asked: list[str] = []
    build(lambda name, source, start: asked.append(name))
    (found,) = lint(*parts(f"{HEAD}bad = 1\n", tmp_path), fixes=False)
    assert (found.code, found.fixes, asked) == ("AOR101", (), [])
    run(f"{HEAD}bad = 1\n", tmp_path)
    assert asked == ["bad"]


def test_severity_is_the_settings(build: Callable[[Builder], None], tmp_path: Path) -> None:
    assert run(f"{HEAD}bad = 1\n", tmp_path, severity=(("AOR1", "hint"),))[0].severity == "hint"


def test_no_fix_where_the_tree_is_not_the_text(build: Callable[[Builder], None], tmp_path: Path) -> None:
    build(renaming("good"))
    text = HEAD + "\x0cbad = 1\n"
    (found,) = run(text, tmp_path)
    assert found.fixes == ()
    result = mended(text, tmp_path)
    assert result.text == text
    assert result.refused is not None and "tree" in result.refused


# -- files that cannot be analysed -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "line", "column", "words"),
    [
        (b"import sqlalchemy\nasync def f(:\n", 2, 12, "not valid Python"),
        (b"x = 1\ndef f(:\n", 2, 6, "not valid Python"),
        (b"x = '\xff'\n", 1, 5, "0xff"),
        (b"# \xff\nasync def f(): pass\n", 1, 2, "0xff"),
        (b"# coding: klingon\n", 1, 10, "klingon"),
        (b"\xff\xfex\x00", 1, 0, "UTF-16"),
        (b"x = " + b"(" * 5000 + b")" * 5000, 1, None, ""),
        (b"async def f():\n    import sqlalchemy\n    return " + b"[" * 3000 + b"]" * 3000, 3, None, ""),
    ],
)
def test_failures(
    build: Callable[[Builder], None], tmp_path: Path, data: bytes, line: int, column: int | None, words: str
) -> None:
    (found,) = run(data, tmp_path)
    assert (found.code, found.name, found.line) == ("AOR000", "rule-000", line)
    assert words in found.message
    assert column is None or found.column == column
    assert found.source_lines
    assert run(data, tmp_path, ignore=("AOR000",)) == []
    assert mended(data, tmp_path).data == data


def test_syntax_newer_than_ours_is_no_failure(build: Callable[[Builder], None], tmp_path: Path) -> None:
    assert run("try:\n    pass\nexcept A, B:\n    pass\n", tmp_path) == []


def test_a_file_that_somebody_parsed_is_not_looked_at_again(build: Callable[[Builder], None], tmp_path: Path) -> None:
    assert lint(*parts("def f(:\n", tmp_path), parsed=True) == []


def test_too_deep_for_the_interpreter(
    build: Callable[[Builder], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drown(source: Source, project: object, *_: object) -> list[Fact]:
        raise RecursionError

    monkeypatch.setattr(findings, "interpret", drown)
    (found,) = run(HEAD, tmp_path)
    assert (found.code, found.line) == ("AOR000", 1)
    assert "nested too deeply" in found.message


# -- which files matter ----------------------------------------------------------------------------------------------------


def interpreted(folder: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], **settings: Any) -> set[str]:
    """The names of those of `files` that are interpreted."""
    asked: set[str] = set()

    def note(source: Source, project: object, *_: object) -> list[Fact]:
        asked.add(Path(source.path).relative_to(folder).as_posix())
        return []

    monkeypatch.setattr(findings, "interpret", note)
    (folder / "pyproject.toml").write_text("", encoding="utf-8")
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    config = Config(root=str(folder), **settings)
    workspace = Workspace(config)
    for name in files:
        path = str(folder / name)
        lint(Source.from_bytes(path, Path(path).read_bytes()), workspace.project_for(path), config)
    return asked


def test_only_what_reaches_an_orm_and_is_async_is_interpreted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = "async def f(): ...\n"
    files = {
        "direct.py": "import sqlalchemy.ext\n" + body,
        "sync.py": "import sqlalchemy\n",
        "foreign.py": "import os, requests\nfrom json import (\n    dumps,\n)\n" + body,
        "app/__init__.py": "",
        "app/models.py": "from sqlmodel import SQLModel\n",
        "app/crud.py": "from .models import User\n",
        "app/names.py": "from app import (  # all of (them)\n    other,\n    crud,\n)\n" + body,
        "app/other.py": "import app.other\n",
        "app/lonely.py": "from app.other import x\nfrom . import other\n" + body,
        "app/far.py": "if True: from app.names import f as g\n" + body,
        "app/dotted.py": "import os; import app.crud as c\n" + body,
        "app/continued.py": "from app \\\n    import \\\n    crud\n" + body,
        "app/star.py": "from app.crud import *\n" + body,
        "app/sub/__init__.py": "from ..crud import get\n" + body,
        "app/sub/leaf.py": "from . import get\n" + body,
        "app/sub/lost.py": "from app.generated import x\n" + body,
        "app/cycle_a.py": "import app.cycle_b\n" + body,
        "app/cycle_b.py": "import app.cycle_a\nimport app.lonely\n" + body,
        "alchemy.py": "from advanced_alchemy.base import X\n" + body,
    }
    silent = {
        "sync.py",
        "foreign.py",
        "app/__init__.py",
        "app/models.py",
        "app/crud.py",
        "app/other.py",
        "app/lonely.py",
    }
    silent |= {"app/cycle_a.py", "app/cycle_b.py"}
    assert interpreted(tmp_path, monkeypatch, files) == set(files) - silent


def test_a_provider_by_setting_makes_a_file_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"a.py": "from infra.db import transaction\nasync def f(): ...\n"}
    assert interpreted(tmp_path, monkeypatch, files) == set()
    provider = SessionProvider("infra.db.transaction", "async-session", "call")
    assert interpreted(tmp_path, monkeypatch, files, session_providers=(provider,)) == {"a.py"}


def test_reach_follows_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert interpreted(tmp_path, monkeypatch, {"b.py": "", "a.py": "import b\nasync def f(): ...\n"}) == set()
    asked: list[str] = []
    monkeypatch.setattr(findings, "interpret", lambda source, *_: asked.append(source.path) or [])
    config = Config(root=str(tmp_path))
    workspace = Workspace(config)
    path = tmp_path / "a.py"
    source = Source.from_bytes(str(path), path.read_bytes())
    lint(source, workspace.project_for(str(path)), config)
    assert not asked
    workspace.overlay(str(tmp_path / "b.py"), "import sqlalchemy\n")
    lint(source, workspace.project_for(str(path)), config)
    assert asked == [str(path)]


# -- fixes -----------------------------------------------------------------------------------------------------------------


def test_fixes_are_applied_until_nothing_changes(build: Callable[[Builder], None], tmp_path: Path) -> None:
    def rename(name: str, source: Source, start: int) -> Fix:
        # each wants the end of the file for itself: one fix a round
        end = len(source.text)
        return Fix(f"mend {name}", (Edit(start, start + len(name), "good"), Edit(end, end, f"# {name}\r\n")), "safe")

    build(rename)
    result = mended(HEAD + "x = bad1\r\ny = (bad2, bad3)\r\n", tmp_path)
    assert result.text == HEAD + "x = good\r\ny = (good, good)\r\n# bad1\r\n# bad2\r\n# bad3\r\n"
    assert result.data == result.text.encode()
    assert result.applied == tuple(("AOR101", f"mend bad{number}") for number in (1, 2, 3))
    assert (result.withheld, result.refused, result.remaining) == ((), None, ())


def test_after_ten_rounds_it_is_said_that_there_is_more(build: Callable[[Builder], None], tmp_path: Path) -> None:
    build(lambda name, source, start: Fix("m", (Edit(start, start + len(name), "ok"), Edit(0, 0, "#\n")), "safe"))
    result = mended(HEAD + "".join(f"bad{number}\n" for number in range(12)), tmp_path)
    assert len(result.applied) == 10
    assert len(result.remaining) == 2
    assert result.refused == "stopped after 10 rounds, more could be fixed"


def test_a_clean_file_stays(build: Callable[[Builder], None], tmp_path: Path) -> None:
    result = mended(HEAD + "x = 1\n", tmp_path)
    assert (result.applied, result.remaining, result.withheld, result.refused) == ((), (), (), None)


@pytest.mark.parametrize("safety", ["safe", "unsafe", "suggestion"])
def test_safety(build: Callable[[Builder], None], tmp_path: Path, safety: str) -> None:
    build(renaming("good", safety))
    text = HEAD + "bad = 1\n"
    changed = text.replace("bad", "good")
    assert mended(text, tmp_path).text == (changed if safety == "safe" else text)
    assert mended(text, tmp_path, unsafe=True).text == (text if safety == "suggestion" else changed)
    remaining = mended(text, tmp_path).remaining
    assert len(remaining) == (0 if safety == "safe" else 1)


def test_a_fix_that_needs_another_file_is_the_editors(build: Callable[[Builder], None], tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text("x = 1\n", encoding="utf-8")

    def elsewhere(name: str, source: Source, start: int) -> Fix:
        return Fix("mend", (Edit(0, 1, "y", str(tmp_path / "other.py")),), "safe")

    build(elsewhere)
    result = mended(HEAD + "bad = 1\n", tmp_path)
    assert result.applied == ()
    assert [one.fix_ranges for one in result.remaining] == [(((1, 0, 1, 1),),)]


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ("bad", "AOR101 would still be there"),
        ("(", "would not be valid"),
        ("await x", "would not be valid Python"),
        ("good, (bad_two)", "it would bring AOR101"),
        ("f(bad_too)", "it would bring AOR101"),
    ],
)
def test_a_fix_that_breaks_a_guarantee_is_left_out_and_said(
    build: Callable[[Builder], None], tmp_path: Path, new: str, reason: str
) -> None:
    good = renaming("good")
    evil = renaming(new)
    build(lambda name, source, start: evil(name, source, start) if name == "bad" else good(name, source, start))
    text = HEAD + "x = bad_one\n\ny = bad\nz = bad_three\n"
    result = mended(text, tmp_path)
    assert result.text == HEAD + "x = good\n\ny = bad\nz = good\n"
    assert len(result.applied) == 2
    (said,) = result.withheld
    assert said.startswith("4:5: AOR101: the fix `mend` was left out: ")
    assert reason in said
    assert [one.line for one in result.remaining] == [4]


def test_fixes_that_break_a_guarantee_hold_nobody_up(build: Callable[[Builder], None], tmp_path: Path) -> None:
    # many more than there are rounds
    names = [f"bad_{'not' if number % 7 == 3 else 'yes'}{number}" for number in range(40)]
    build(lambda name, source, start: renaming("(" if "not" in name else "good")(name, source, start))
    result = mended(HEAD + "".join(f"x = {name}\n" for name in names), tmp_path)
    wanted = "".join(f"x = {name if 'not' in name else 'good'}\n" for name in names)
    assert (result.text, result.refused) == (HEAD + wanted, None)
    assert len(result.applied) == len(names) - len(result.withheld) == 34


def test_two_fixes_that_break_a_guarantee_only_together(
    build: Callable[[Builder], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interpret(source: Source, project: object, *_: object) -> list[Fact]:
        facts = seen(source, project)
        names = [(number, getattr(node, "value", None)) for number, node in enumerate(source.nodes)]
        if {"good1", "good2"} <= {name for _, name in names}:
            both = {"good1": "bad1", "good2": "bad2"}
            facts += [NameSeen(Site(source.path, number), both[name]) for number, name in names if name in both]
        return facts

    build(lambda name, source, start: renaming(name.replace("bad", "good"))(name, source, start))
    monkeypatch.setattr(findings, "interpret", interpret)
    result = mended(HEAD + "x = [bad1]\ny = [bad2]\nz = [bad3]\n", tmp_path)
    assert result.text == HEAD + "x = [good1]\ny = [bad2]\nz = [good3]\n"
    assert (len(result.applied), len(result.withheld), result.refused) == (2, 1, None)
    assert result.withheld[0].startswith("3:6: AOR101: the fix `mend` was left out: ")


def test_the_next_finding_of_another_kind_is_no_reason(
    build: Callable[[Builder], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interpret(source: Source, project: object, *_: object) -> list[Fact]:
        facts = seen(source, project)
        later = [number for number, node in enumerate(source.nodes) if type(node).__name__ == "Attribute"]
        return [*facts, *(NameSeen(Site(source.path, number), "later") for number in later if "(good" in source.text)]

    rules = {
        "AOR101": made("AOR101", lambda fact: say(fact) if fact.name != "later" else None, NameSeen),
        "AOR501": made("AOR501", lambda fact: Finding("next", fact.site) if fact.name == "later" else None, NameSeen),
    }
    monkeypatch.setattr(findings, "registered", lambda: rules)
    build(renaming("(good)"))
    monkeypatch.setattr(findings, "interpret", interpret)
    result = mended(HEAD + "bad.posts\n", tmp_path)
    assert result.text == HEAD + "(good).posts\n"
    assert [one.code for one in result.remaining] == ["AOR501"]


def test_coding_and_mark_are_kept(build: Callable[[Builder], None], tmp_path: Path) -> None:
    build(renaming("schön"))
    latin = "# coding: latin-1\nimport sqlalchemy  # async é\nbad = 1\n".encode("latin-1")
    assert mended(latin, tmp_path).data == latin.replace(b"bad", "schön".encode("latin-1"))
    marked = b"\xef\xbb\xbf" + (HEAD + "bad = 1\n").encode()
    assert mended(marked, tmp_path).data == marked.replace(b"bad", "schön".encode())
    build(renaming("'\N{SNOWMAN}'"))
    result = mended(latin.replace(b"bad = 1", b"x = bad"), tmp_path)
    assert result.applied == ()
    assert "cannot be written" in result.withheld[0]


def test_an_edit_that_moves_the_coding_away_is_left_out(build: Callable[[Builder], None], tmp_path: Path) -> None:
    build(
        lambda name, source, start: Fix("m", (Edit(0, 0, "import a\nimport b\n"), Edit(start, start + 3, "ok")), "safe")
    )
    data = b"# coding: latin-1\nimport sqlalchemy  # async \xe9\nbad = 1\n"
    result = mended(data, tmp_path)
    assert result.data == data
    assert len(result.withheld) == 1


def test_the_project_sees_the_original_again(build: Callable[[Builder], None], tmp_path: Path) -> None:
    build(renaming("good"))
    source, project, config = parts(HEAD + "bad = 1\n", tmp_path)
    assert fix(source, project, config).applied
    assert project.workspace.source_at(source.path) is source


def test_a_fix_may_not_put_bad_things_elsewhere(build: Callable[[Builder], None], tmp_path: Path) -> None:
    def lengthen(name: str, source: Source, start: int) -> Fix:
        return Fix(
            "mend",
            (Edit(start, start + len(name), "good"), Edit(len(source.text), len(source.text), f"bad{start}\n")),
            "safe",
        )

    build(lengthen)
    result = mended(HEAD + "bad\n", tmp_path)
    assert result.applied == ()
    assert "it would bring AOR101" in result.withheld[0]


# -- many files ------------------------------------------------------------------------------------------------------------


def test_a_batch_is_the_same_in_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = [f"m{number}.py" for number in range(6)]
    for name in names:
        (tmp_path / name).write_text(
            "import sqlalchemy\nasync def f(:\n" if name < "m3" else "x = 1\n", encoding="utf-8"
        )
    jobs = [batch.Job(name) for name in [*names, "gone.py"]]
    task = batch.Task((Config(root=str(tmp_path)),))
    one = list(batch.run(jobs, task, 1))
    threads = threading.active_count()
    two = list(batch.run(jobs, task, 2))
    # what goes on after the end of the run breaks at the end of the interpreter
    assert (multiprocessing.active_children(), threading.active_count()) == ([], threads)
    assert one == two
    assert [outcome.path for outcome in one] == [*names, "gone.py"]
    assert [len(outcome.diagnostics) for outcome in one] == [1, 1, 1, 0, 0, 0, 1]
    assert one[-1].diagnostics[0].message.startswith("could not analyse this file (no such file or directory)")


def test_a_defect_costs_one_file(
    build: Callable[[Builder], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(source: Source, project: object, *_: object) -> list[Fact]:
        if source.path.endswith("one.py"):
            raise KeyError("no such thing\nat all")
        return seen(source, project)

    monkeypatch.setattr(findings, "interpret", fail)
    monkeypatch.chdir(tmp_path)
    for name in ("one.py", "two.py"):
        (tmp_path / name).write_text(HEAD + "bad\n", encoding="utf-8")
    task = batch.Task((Config(root=str(tmp_path)),))
    first, second = batch.run([batch.Job("one.py"), batch.Job("two.py")], task)
    assert first.crash is not None and first.diagnostics == ()
    assert first.crash.reason == r"KeyError: 'no such thing\nat all'"
    assert len(first.crash.reference) == 8
    assert "Traceback" in first.crash.traceback
    assert [one.path for one in second.diagnostics] == ["two.py"]
    assert second.diagnostics[0].related[0].path == "two.py"


def test_writing_says_why_not(
    build: Callable[[Builder], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(renaming("good"))
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "one.py"
    path.write_text(HEAD + "bad\n", encoding="utf-8")
    (outcome,) = batch.run([batch.Job("one.py")], batch.Task((Config(root=str(tmp_path)),), fix=True))
    assert path.read_text(encoding="utf-8") == HEAD + "bad\n"
    assert outcomes.write("one.py", outcome) is None
    assert path.read_text(encoding="utf-8") == HEAD + "good\n"
    problem = outcomes.write("one.py", outcome)
    assert problem is not None and "changed meanwhile" in problem


def test_of_a_template_of_code_nothing_is_said_but_that(tmp_path: Path) -> None:
    text = "{%- if with_database %}\nasync def f(session):\n    session.commit()\n{%- endif %}\nawait x\n"
    found = run(text, tmp_path, "{{cookiecutter.name}}/main.py")
    assert [diagnostic.code for diagnostic in found] == ["AOR000"]
    # what is Python by accident is linted as such
    assert run("async def f(session):\n    x = {{'a'}}\n", tmp_path, "{{cookiecutter.name}}/other.py") == []
