"""The harness itself: it must fail wherever a fixture lies, and only there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.accept import settle
from harness.checking import check_runtime, check_static, check_twin
from harness.linter import StatedFact
from harness.markers import parse
from harness.programs import Program, discover, orphans
from harness.runtime import Worker
from harness.static import compare_facts, style
from harness.versions import satisfies, well_formed

HEAD = """from sqlalchemy import Column, ForeignKey, Integer, String, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import declarative_base, relationship, sessionmaker

Base = declarative_base()


class Author(Base):
    __tablename__ = "author"
    id = Column(Integer, primary_key=True)
    name = Column(String(40))
    books = relationship("Book")


class Book(Base):
    __tablename__ = "book"
    id = Column(Integer, primary_key=True)
    author_id = Column(ForeignKey("author.id"))


async def seed(session):
    session.add(Author(id=1, name="Ann", books=[Book()]))


"""

LAZY = """async def lazy(session: AsyncSession):  # runtime: MissingGreenlet
    author = (await session.execute(select(Author))).scalars().one()
    return author.books  # AOR501: author.books
"""

DROPPED = """async def dropped(session: AsyncSession):  # runtime: never awaited AsyncSession.commit
    await session.execute(select(Author))
    session.commit()  # AOR101: session.commit()
"""

LEAKED = """async def leaked(engine: AsyncEngine):  # runtime: leaked connection
    connection = await engine.connect()  # AOR305: engine.connect()
    await connection.execute(select(Author.id))
"""

FINE = """async def fine(session: AsyncSession):  # runtime: ok
    return (await session.execute(select(Author))).scalars().all()
"""


@dataclass(frozen=True)
class FakeFix:
    title: str
    safety: str = "safe"


@dataclass(frozen=True)
class FakeFinding:
    code: str
    message: str
    start: int
    end: int
    fixes: tuple[FakeFix, ...] = ()

    def fix(self, unsafe: bool = False) -> FakeFix | None:
        return next((fix for fix in self.fixes if fix.safety == "safe" or unsafe), None)


@dataclass(frozen=True)
class FakeResult:
    text: str
    refused: str | None = None


@dataclass(frozen=True)
class FakeLinter:
    """Finds every occurrence of the given texts, except in comments, and fixes nothing."""

    finds: tuple[tuple[str, str], ...] = ()
    codes: frozenset[str] = frozenset({"AOR101", "AOR305", "AOR501"})

    def lint(self, path: Path, settings: dict[str, object]) -> list[FakeFinding]:
        bare = parse(path.read_text(encoding="utf-8"), path.name).bare
        return [
            FakeFinding(code, "say it otherwise", one.start(), one.end())
            for code, text in self.finds
            for one in re.finditer(re.escape(text), bare)
        ]

    def fix(self, path: Path, settings: dict[str, object]) -> FakeResult:
        return FakeResult(path.read_text(encoding="utf-8"))


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Program]:
    """Write a fixture file below `aor501_lazy_load` (or what is said) and give it as a program."""

    def written(text: str, group: str = "aor501_lazy_load", name: str = "library.py", head: str = HEAD) -> Program:
        path = tmp_path / "fixtures" / group / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(head + text, encoding="utf-8")
        return Program(tmp_path / "fixtures" / group, group, name.partition("/")[0])

    return written


@pytest.fixture(scope="module")
def hasty() -> Iterator[Worker]:
    """A worker with a short time limit."""
    worker = Worker(limit=3.0)
    yield worker
    worker.close()


def only(complaints: list[str], *parts: str) -> None:
    """There is exactly one complaint, and it says all of `parts`."""
    assert len(complaints) == 1, complaints
    assert all(part in complaints[0] for part in parts), complaints[0]


# ---- runtime: what is true passes


@pytest.mark.parametrize("body", [LAZY, DROPPED, LEAKED, FINE])
def test_true_oracles_pass(body: str, write: Callable[..., Program], worker: Worker) -> None:
    assert check_runtime(write(body), worker) == []


def test_parameters_are_given_by_annotation(write: Callable[..., Program], worker: Worker) -> None:
    body = """async def every(
    session: "AsyncSession", engine: AsyncEngine, connection: AsyncConnection, factory: sessionmaker, limit: int = 3
) -> None:  # runtime: ok
    assert type(session) is AsyncSession and not session.sync_session.identity_map
    assert type(engine) is AsyncEngine and type(connection) is AsyncConnection
    async with factory() as one:
        author = await one.get(Author, 1)
        await one.commit()
        assert author.name == "Ann"


async def own() -> None:  # runtime: ok
    engine = create_async_engine("sqlite+aiosqlite://")
    async with engine.connect() as connection:
        await connection.execute(select(1))


async def strange(limit: int) -> None:  # runtime: ok
    return None
"""
    only(check_runtime(write(body), worker), "strange", "nothing for a parameter annotated 'int'")


def test_scenarios_do_not_see_each_other(write: Callable[..., Program], worker: Worker) -> None:
    body = "count = []\n\n\n" + "\n\n".join(
        f"""async def number_{number}(session: AsyncSession):  # runtime: ok
    count.append(1)
    session.add(Author(name="Bob"))
    await session.commit()
    assert len(count) == 1 and len((await session.execute(select(Author))).all()) == 2
"""
        for number in range(2)
    )
    assert check_runtime(write(body), worker) == []


def test_a_package_is_imported_under_its_name(write: Callable[..., Program], worker: Worker) -> None:
    write("", name="library_app/__init__.py", head="")
    write("", name="library_app/models.py")
    read = "async def books_of(author):\n    return author.books  # AOR501: author.books\n"
    write(read, name="library_app/reading.py", head="")
    body = LAZY.replace("return author.books  # AOR501: author.books", "return await books_of(author)")
    program = write(
        body + "\n\n" + FINE,
        name="library_app/scenarios.py",
        head="from sqlalchemy import select\nfrom sqlalchemy.ext.asyncio import AsyncSession\n"
        "from library_app.models import Author, seed\nfrom .reading import books_of\n\n\n",
    )
    assert check_runtime(program, worker) == []
    assert program.is_package and len(program.files) == 4


# ---- runtime: every lie is told


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("MissingGreenlet", "KeyError", ("should raise KeyError", "MissingGreenlet")),
        ("MissingGreenlet", "ok", ("should be ok, but raised",)),
        ("MissingGreenlet", "MissingGreenlets", ("unknown oracle", "MissingGreenlets")),
        ("MissingGreenlet", "never awaited Author.books", ("should run to its end",)),
        ("MissingGreenlet", "leaked connection", ("should run to its end",)),
    ],
)
def test_a_wrong_oracle_fails(
    old: str, new: str, parts: tuple[str, ...], write: Callable[..., Program], worker: Worker
) -> None:
    only(check_runtime(write(LAZY.replace(old, new)), worker), "lazy", *parts)


def test_an_exception_that_never_comes_fails(write: Callable[..., Program], worker: Worker) -> None:
    only(check_runtime(write(FINE.replace("runtime: ok", "runtime: MissingGreenlet")), worker), "raised nothing")


def test_a_traceback_past_the_marks_fails(write: Callable[..., Program], worker: Worker) -> None:
    body = LAZY.replace("  # AOR501: author.books", "").replace(".one()", ".one()  # AOR501: select(Author)")
    only(check_runtime(write(body), worker), "library.py:27, where nothing is marked")


def test_a_traceback_elsewhere_is_let_pass(write: Callable[..., Program], worker: Worker) -> None:
    body = LAZY.replace("  # AOR501: author.books", "").replace("Greenlet", "Greenlet  # oracle: elsewhere")
    assert check_runtime(write(body), worker) == []


def test_a_mark_over_several_lines_covers_them(write: Callable[..., Program], worker: Worker) -> None:
    body = """async def long(session: AsyncSession):  # runtime: MissingGreenlet
    author = (await session.execute(select(Author))).scalars().one()
    return list(  # AOR501: list( ...
        book.id
        for book
        in author.books
    )
"""
    assert check_runtime(write(body), worker) == []
    only(check_runtime(write(body.replace("list( ...", "list(")), worker), "where nothing is marked")


def test_a_coroutine_that_is_awaited_fails(write: Callable[..., Program], worker: Worker) -> None:
    body = DROPPED.replace("    session.commit()", "    await session.commit()")
    only(check_runtime(write(body), worker), "AsyncSession.commit never awaited, but left nothing")


def test_another_coroutine_fails(write: Callable[..., Program], worker: Worker) -> None:
    body = DROPPED.replace("awaited AsyncSession.commit", "awaited AsyncSession.flush")
    only(check_runtime(write(body), worker), "AsyncSession.flush never awaited, but left AsyncSession.commit")


def test_a_coroutine_made_off_the_marks_fails(write: Callable[..., Program], worker: Worker) -> None:
    body = DROPPED.replace("  # AOR101: session.commit()", "").replace(
        "(Author))", "(Author))  # AOR101: session.execute"
    )
    only(check_runtime(write(body), worker), "where nothing is marked")


def test_a_coroutine_that_is_handed_to_the_caller_is_dropped_there(
    write: Callable[..., Program], worker: Worker
) -> None:
    assert check_runtime(write(DROPPED.replace("    session.commit()", "    return session.commit()")), worker) == []


def test_ok_that_drops_a_coroutine_fails(write: Callable[..., Program], worker: Worker) -> None:
    body = DROPPED.replace("never awaited AsyncSession.commit", "ok")
    only(check_runtime(write(body), worker), "should be ok, but never awaited AsyncSession.commit")
    own = "async def remember():\n    return 1\n\n\nasync def fine():  # runtime: ok\n    remember()\n"
    only(check_runtime(write(own), worker), "should be ok, but never awaited remember")


def test_ok_overlooks_what_the_driver_drops(write: Callable[..., Program], worker: Worker) -> None:
    body = """async def caught(session: AsyncSession):  # runtime: ok
    author = (await session.execute(select(Author))).scalars().one()
    try:
        return author.books
    except Exception as error:
        assert "greenlet" in str(error)
"""
    assert check_runtime(write(body), worker) == []


def test_a_connection_given_back_fails(write: Callable[..., Program], worker: Worker) -> None:
    only(check_runtime(write(LEAKED + "    await connection.close()\n"), worker), "every one was given back")


def test_ok_that_leaks_fails(write: Callable[..., Program], worker: Worker) -> None:
    only(check_runtime(write(LEAKED.replace("leaked connection", "ok")), worker), "leaked a connection")


@pytest.mark.parametrize("rest", ["await session.execute(select(Author))", "kept.append(await factory().connection())"])
def test_a_session_left_open_leaks(rest: str, write: Callable[..., Program], worker: Worker) -> None:
    body = f"""kept = []


async def left(factory: sessionmaker):  # runtime: leaked connection
    session = factory()
    {rest}
"""
    assert check_runtime(write(body), worker) == []


def test_a_generator_left_by_break_does_not_leak(write: Callable[..., Program], worker: Worker) -> None:
    body = """async def sessions(factory):
    async with factory() as session:
        yield session


async def first(factory: sessionmaker):  # runtime: ok
    async for session in sessions(factory):
        await session.execute(select(Author))
        break
"""
    assert check_runtime(write(body), worker) == []


def test_an_overrun_fails_and_the_next_one_runs(write: Callable[..., Program], hasty: Worker) -> None:
    body = "async def stuck():  # runtime: ok\n    import time\n\n    time.sleep(60)\n\n\n" + FINE
    only(check_runtime(write(body), hasty), "stuck", "longer than the time limit of 3 s")
    assert hasty.starts == 2


def test_a_worker_that_dies_fails_and_the_next_one_runs(write: Callable[..., Program], hasty: Worker) -> None:
    body = "async def gone():  # runtime: ok\n    import os\n\n    os._exit(3)\n\n\n" + FINE
    only(check_runtime(write(body), hasty), "gone", "the worker died")


def test_a_program_that_cannot_be_imported_fails(write: Callable[..., Program], worker: Worker) -> None:
    only(
        check_runtime(write("import nowhere_to_be_found\n\n\n" + FINE), worker),
        "failed at import",
        "nowhere_to_be_found",
    )


def test_a_seed_that_fails_is_told(write: Callable[..., Program], worker: Worker) -> None:
    program = write(FINE, head=HEAD.replace('name="Ann"', 'nome="Ann"'))
    only(check_runtime(program, worker), "failed at set-up", "nome")


def test_variants_hold_for_their_version(write: Callable[..., Program], worker: Worker) -> None:
    worker.start()
    other = "[0.9: ok]"
    assert check_runtime(write(LAZY.replace("MissingGreenlet", f"MissingGreenlet {other}")), worker) == []
    this = worker.sqlalchemy.rpartition(".")[0]
    assert check_runtime(write(LAZY.replace("MissingGreenlet", f"ok [{this}: MissingGreenlet]")), worker) == []
    only(check_runtime(write(LAZY.replace("MissingGreenlet", f"MissingGreenlet [{this}: ok]")), worker), "should be ok")


def test_a_file_that_does_not_compile(write: Callable[..., Program], worker: Worker) -> None:
    broken = "# runtime: SyntaxError\ndef f(:\n    pass\n"
    assert check_runtime(write(broken, head=""), worker) == []
    wrong = write(broken.replace("SyntaxError", "KeyError"), head="")
    only(check_runtime(wrong, worker), "compiling it raised")


# ---- the form of the comments


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ("async def forgotten(session: AsyncSession):\n    pass\n\n\n" + FINE, "`forgotten` could be run"),
        ("async def forgotten():\n    pass\n\n\n" + FINE, "`forgotten` could be run"),
        ("def f():  # runtime: ok\n    pass\n\n\n" + FINE, "belongs to no top-level"),
        (FINE.replace("runtime: ok", "runtime: fine"), "unknown oracle: fine"),
        (FINE.replace("runtime: ok", "runtime: never awaited"), "unknown oracle"),
        (FINE.replace("runtime: ok", "runtime: ok [1.4: fine]"), "unknown oracle: [1.4: fine]"),
        (FINE.replace("runtime: ok", "runtimes: ok"), "no word of the harness"),
        ("# runtime: ok\n" + FINE, "has two oracles"),
        (FINE.replace(".all()", ".all()  # AOR501 select(Author)"), "not of the form"),
        (FINE.replace(".all()", ".all()  # AOR501: select(Author) && 501"), "not of the form"),
        (FINE.replace(".all()", ".all()  # AOR501: author.books"), "no `author.books` begins on this line"),
        (FINE.replace(".all()", ".all()  # ok:"), "gives no reason"),
        (FINE.replace("runtime: ok", "runtime: ok  # oracle: somewhere"), "`elsewhere` alone"),
        ("", "has no scenario"),
    ],
)
def test_a_malformed_comment_is_a_problem(body: str, part: str, write: Callable[..., Program]) -> None:
    problems = write(body).problems()
    assert any(part in problem for problem in problems), problems


def test_helpers_and_generators_need_no_oracle(write: Callable[..., Program]) -> None:
    body = """async def names(session: AsyncSession):
    return await session.execute(select(Author.name))


async def sessions(engine: AsyncEngine):
    yield AsyncSession(engine)


async def rename(session: AsyncSession, name: str):
    return None


async def called(session: AsyncSession):  # runtime: ok
    await names(session)
"""
    assert write(body).problems() == []


def test_an_oracle_may_stand_above(write: Callable[..., Program]) -> None:
    body = "# runtime: never awaited AsyncSession.commit [1.4: ok]\nasync def long_name():\n    pass\n"
    (scenario,) = write(body).scenarios
    assert str(scenario.oracle) == "never awaited AsyncSession.commit"
    assert str(scenario.oracle_for("1.4.54")) == "ok"


@pytest.mark.parametrize(
    ("version", "condition", "met"),
    [("2.1.9", ">=2.0", True), ("2.0.58", ">=2.0,<2.1", True), ("2.1.0b1", "<2.1", False), ("1.4.54", "1.4", True)],
)
def test_version_conditions(version: str, condition: str, met: bool) -> None:
    assert well_formed(condition)
    assert satisfies(version, condition) is met


def test_programs_for_other_versions_are_passed_over(write: Callable[..., Program]) -> None:
    program = write("x = 1\n", head="# versions: >=2.0\n")
    assert program.cannot_run("1.4.54") and not program.cannot_run("2.0.0")
    assert write("x = 1\n", head="# python: >=9.0\n").cannot_compile()
    assert write("x = 1\n", head="# requires: no_such_package\n").cannot_compile()


# ---- the linter's side


COMMIT = FakeLinter(finds=(("AOR101", "session.commit()"),))


def test_a_true_marker_passes(write: Callable[..., Program], tmp_path: Path) -> None:
    assert check_static(write(DROPPED), COMMIT, tmp_path / "stage") == []


def test_a_missing_finding_fails(write: Callable[..., Program], tmp_path: Path) -> None:
    only(check_static(write(DROPPED), FakeLinter(), tmp_path / "stage"), "library.py:27: no AOR101 under")


def test_an_unexpected_finding_fails(write: Callable[..., Program], tmp_path: Path) -> None:
    only(
        check_static(write(DROPPED.replace("  # AOR101: session.commit()", "")), COMMIT, tmp_path / "a"),
        "library.py:27: unexpected AOR101 under `session.commit()`",
    )
    trap = DROPPED.replace("AOR101: session.commit()", "ok: somebody gathers it")
    only(check_static(write(trap), COMMIT, tmp_path / "b"), "somebody gathers it")


def test_a_marker_on_the_wrong_line_fails(write: Callable[..., Program], tmp_path: Path) -> None:
    marker = "  # AOR101: session.commit()"
    moved = DROPPED.replace(marker, "").replace("(Author))", f"(Author)){marker}")
    complaints = check_static(write(moved), COMMIT, tmp_path / "stage")
    assert any("26: no `session.commit()` begins on this line" in one for one in complaints), complaints
    assert any("27: unexpected AOR101" in one for one in complaints), complaints


def test_a_wrong_text_under_the_finding_fails(write: Callable[..., Program], tmp_path: Path) -> None:
    body = DROPPED.replace("AOR101: session.commit()", "AOR101: session.commit")
    only(check_static(write(body), COMMIT, tmp_path / "a"), "under `session.commit()`, not under `session.commit`")
    for number, cut in enumerate(("session ...", "...")):
        body = DROPPED.replace("AOR101: session.commit()", f"AOR101: {cut}")
        assert check_static(write(body), COMMIT, tmp_path / str(number)) == []


def test_a_marker_is_used_up(write: Callable[..., Program], tmp_path: Path) -> None:
    twice = DROPPED.replace("    session.commit()", "    session.commit(), session.commit()")
    only(check_static(write(twice), COMMIT, tmp_path / "a"), "unexpected AOR101")
    both = twice.replace("AOR101: session.commit()", "AOR101: session.commit() && AOR101: session.commit()")
    assert check_static(write(both), COMMIT, tmp_path / "b") == []


def test_an_unknown_code_fails(write: Callable[..., Program], tmp_path: Path) -> None:
    body = DROPPED.replace("AOR101:", "AOR109:")
    finder = FakeLinter(finds=(("AOR109", "session.commit()"),))
    only(check_static(write(body), finder, tmp_path / "stage"), "AOR109 is no rule's")


def test_comments_inside_the_text_do_not_count(write: Callable[..., Program], tmp_path: Path) -> None:
    body = DROPPED.replace(
        "session.commit()  # AOR101: session.commit()",
        "session.refresh(  # AOR101: session.refresh( session, )\n        session,  # the whole\n    )",
    )
    program = write(body)
    text = program.marked["library.py"].bare
    start = text.index("session.refresh(")
    whole = text[start : text.index(")", start) + 1]
    finder = FakeLinter(finds=(("AOR101", whole),))
    assert check_static(program, finder, tmp_path / "stage") == []


@pytest.mark.parametrize("message", ["Await it", "await it.", "a" * 201, "", "await\nit", "await `it"])
def test_a_message_against_the_style_is_told(message: str) -> None:
    assert style(message)


def test_a_message_in_style_passes() -> None:
    assert style("`session.commit()` is never awaited: write `await session.commit()`") == []


# ---- inference


def stated(kind: str, text: str, /, **fields: str) -> StatedFact:
    start = SNIPPET.index(text)
    return StatedFact(kind, fields, start, start + len(text))


SNIPPET = (
    "# facts: Dropped\nuser  # reveals: Instance[User]\ncommit()  # fact: Dropped(how=statement): commit()\nother()\n"
)
USER = stated("Revealed", "user", text="Instance[User]")
DROP = stated("Dropped", "commit()", how="statement", name="x")


@pytest.mark.parametrize(
    ("facts", "parts"),
    [
        ([USER, DROP], None),
        ([DROP], ("2: it reveals nothing, not Instance[User]",)),
        ([stated("Revealed", "user", text="Unknown"), DROP], ("it reveals Unknown, not",)),
        ([USER], ("3: no Dropped like this at `commit()`",)),
        ([USER, DROP, stated("Dropped", "other()")], ("4: unmarked Dropped() at `other()`",)),
        ([USER, DROP, stated("Entered", "other()")], None),
    ],
)
def test_facts_are_compared(facts: list[StatedFact], parts: tuple[str, ...] | None) -> None:
    complaints = compare_facts(parse(SNIPPET, "facts.py"), facts)
    if parts is None:
        assert complaints == []
    else:
        only(complaints, *parts)


def test_a_fact_with_another_field_fails() -> None:
    complaints = compare_facts(parse(SNIPPET, "facts.py"), [USER, stated("Dropped", "commit()", how="assigned")])
    assert len(complaints) == 2


def test_a_kind_that_the_header_does_not_name_is_told() -> None:
    marked = parse(SNIPPET.replace("facts: Dropped", "facts: Entered"), "facts.py")
    only(compare_facts(marked, [USER, DROP]), "does not name Dropped")


# ---- fixed twins


MENDED = DROPPED.replace("    session.commit()", "    await session.commit()")


@dataclass(frozen=True)
class Mending(FakeLinter):
    """Finds a bare commit, and mends it as it is told; told nothing, it has no fix."""

    instead: str = "await session.commit()"
    bare: str = r"^ +(session\.commit\(\))"

    def lint(self, path: Path, settings: dict[str, object]) -> list[FakeFinding]:
        text = parse(path.read_text(encoding="utf-8"), path.name).bare
        found = re.finditer(self.bare, text, re.MULTILINE)
        fixes = (FakeFix("mend it"),) if self.instead else ()
        return [FakeFinding("AOR101", "say it otherwise", one.start(1), one.end(1), fixes) for one in found]

    def fix(self, path: Path, settings: dict[str, object]) -> FakeResult:
        text = path.read_text(encoding="utf-8")
        for one in reversed(self.lint(path, settings) if self.instead else []):
            text = text[: one.start] + self.instead + text[one.end :]
        return FakeResult(text)


def test_a_twin_is_written_and_then_holds(write: Callable[..., Program], worker: Worker, tmp_path: Path) -> None:
    program = write(DROPPED)
    only(check_twin(program, Mending(), worker, tmp_path / "a", accept=False), "library.fixed.py", "missing")
    assert check_twin(program, Mending(), worker, tmp_path / "b", accept=True) == []
    assert (program.root / "library.fixed.py").read_text(encoding="utf-8") == HEAD + MENDED
    assert check_twin(program, Mending(), worker, tmp_path / "c", accept=False) == []
    assert [one.name for one in discover(program.root.parent)] == ["library.py"]


def test_a_stale_twin_fails(write: Callable[..., Program], worker: Worker, tmp_path: Path) -> None:
    program = write(DROPPED)
    write(MENDED + "\n", name="library.fixed.py")
    only(check_twin(program, Mending(), worker, tmp_path / "stage", accept=False), "differs")


def test_a_twin_without_a_fix_fails_and_is_removed(
    write: Callable[..., Program], worker: Worker, tmp_path: Path
) -> None:
    program = write(DROPPED)
    write(MENDED, name="library.fixed.py")
    only(check_twin(program, Mending(instead=""), worker, tmp_path / "a", accept=False), "nothing gives this file")
    assert check_twin(program, Mending(instead=""), worker, tmp_path / "b", accept=True) == []
    assert not (program.root / "library.fixed.py").exists()


def test_a_fix_that_mends_nothing_fails(write: Callable[..., Program], worker: Worker, tmp_path: Path) -> None:
    blind = Mending(instead="_ = session.commit()")
    complaints = check_twin(write(DROPPED), blind, worker, tmp_path / "stage", accept=True)
    only(complaints, "the fixed dropped", "should be ok, but never awaited AsyncSession.commit")


def test_a_fix_that_breaks_the_program_fails(write: Callable[..., Program], worker: Worker, tmp_path: Path) -> None:
    complaints = check_twin(write(DROPPED), Mending(instead="await nothing"), worker, tmp_path / "stage", accept=True)
    only(complaints, "should be ok, but raised NameError")


def test_a_fixable_finding_left_in_the_twin_fails(
    write: Callable[..., Program], worker: Worker, tmp_path: Path
) -> None:
    half = Mending(instead="0; session.commit()", bare=r"(session\.commit\(\))")
    complaints = check_twin(write(DROPPED), half, worker, tmp_path / "stage", accept=True)
    assert any("is left although it has a fix: mend it" in one for one in complaints), complaints


class Partial(Mending):
    """Mends commits; finds lazy reads too, for which it has no fix."""

    def lint(self, path: Path, settings: dict[str, object]) -> list[FakeFinding]:
        text = parse(path.read_text(encoding="utf-8"), path.name).bare
        reads = [FakeFinding("AOR501", "load it", one.start(), one.end()) for one in re.finditer("author.books", text)]
        return super().lint(path, settings) + reads

    def fix(self, path: Path, settings: dict[str, object]) -> FakeResult:
        return Mending().fix(path, settings)


def test_what_has_no_fix_still_behaves_as_its_oracle(
    write: Callable[..., Program], worker: Worker, tmp_path: Path
) -> None:
    linter = Partial()
    assert check_twin(write(DROPPED + "\n\n" + LAZY), linter, worker, tmp_path / "a", accept=True) == []
    wrong = LAZY.replace("select(Author)", "select(Author.id)").replace(".one()", ".one(); author = Author()")
    complaints = check_twin(write(DROPPED + "\n\n" + wrong), linter, worker, tmp_path / "b", accept=True)
    only(complaints, "the fixed lazy", "should raise MissingGreenlet")


def test_a_finding_that_the_fix_brings_fails(write: Callable[..., Program], worker: Worker, tmp_path: Path) -> None:
    class Bringing(Partial):
        def fix(self, path: Path, settings: dict[str, object]) -> FakeResult:
            return FakeResult(super().fix(path, settings).text + "    author = Author()\n    author.books\n")

    complaints = check_twin(write(DROPPED), Bringing(), worker, tmp_path / "stage", accept=True)
    only(complaints, "after the fixes a new AOR501 under `author.books`")


def test_refused_fixes_are_told(write: Callable[..., Program], worker: Worker, tmp_path: Path) -> None:
    class Refusing(FakeLinter):
        def fix(self, path: Path, settings: dict[str, object]) -> FakeResult:
            return FakeResult(path.read_text(encoding="utf-8"), refused="it would not parse")

    only(check_twin(write(FINE), Refusing(), worker, tmp_path / "stage", accept=False), "it would not parse")


def test_orphans_are_found(write: Callable[..., Program]) -> None:
    program = write(MENDED, name="gone.fixed.py")
    assert orphans(program.root.parent) == [str(program.root / "gone.fixed.py")]
    write(DROPPED, name="gone.py")
    assert orphans(program.root.parent) == []


def test_kept_output_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "kept.txt"
    assert settle(path, "one\n", accept=True) == [] and settle(path, "one\n", accept=False) == []
    only(settle(path, "two\n", accept=False), "-one", "+two")
    assert [one.name for one in path.parent.iterdir()] == ["kept.txt"]
