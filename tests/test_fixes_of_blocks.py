"""The fix builders that move statements into a block or put one ahead."""

from __future__ import annotations

import libcst as cst
import pytest

from fixing import PATH, code, fixed, in_function, site
from flake8_async_orm.edits import apply
from flake8_async_orm.fixes import build
from flake8_async_orm.rule import FixRequest
from flake8_async_orm.source import Source

CONN = (".begin()", "conn", "connection")
ENTERS = [
    ("await engine.execute(q)", "async with engine.begin() as conn:\n    await conn.execute(q)"),
    ("engine.execute(q)", "async with engine.begin() as conn:\n    await conn.execute(q)"),
    ("x = engine.execute(q)  # all", "async with engine.begin() as conn:\n    x = await conn.execute(q)  # all"),
    ("x = engine.execute(q).all()", "async with engine.begin() as conn:\n    x = (await conn.execute(q)).all()"),
    ("x = await engine.execute(q).all()", "async with engine.begin() as conn:\n    x = (await conn.execute(q)).all()"),
    ("return await engine.execute(q)", "async with engine.begin() as conn:\n    return await conn.execute(q)"),
    (
        "await engine.execute(\n    q,\n\n    # why\n    1,\n)",
        "async with engine.begin() as conn:\n    await conn.execute(\n        q,\n\n        # why\n        1,\n    )",
    ),
    (
        "conn = 1\nawait engine.execute(q)",
        "conn = 1\nasync with engine.begin() as connection:\n    await connection.execute(q)",
    ),
]


@pytest.mark.parametrize(("before", "after"), ENTERS)
def test_enter_connection(before: str, after: str) -> None:
    text = in_function(before)
    source = Source.from_text(PATH, text)
    call = next(
        source.text[slice(*source.span(n))]
        for n, x in enumerate(source.nodes)
        if isinstance(x, cst.Call) and isinstance(x.func, cst.Attribute) and x.func.attr.value == "execute"
    )
    answer = fixed(text, "enter_connection", ("engine#2", call), CONN)
    assert answer == (in_function(after), "unsafe")


def test_enter_connection_leaves_the_lines_of_a_string_alone() -> None:
    call = 'e.execute("""\nselect\n\t1""")'
    before = f"async def f(e):\n\tawait {call}\n"
    after = f"async def f(e):\n\tasync with e.begin() as conn:\n\t\tawait {call.replace('e.', 'conn.', 1)}\n"
    for newline in ("\n", "\r\n"):
        texts = [text.replace("\n", newline) for text in (before, call, after)]
        assert fixed(texts[0], "enter_connection", ("e#2", texts[1]), CONN) == (texts[2], "unsafe")


def test_enter_connection_goes_around_the_sync_engine_and_opens_a_factory() -> None:
    before = in_function("engine.sync_engine.execute(q)")
    after = in_function("async with engine.begin() as conn:\n    await conn.execute(q)")
    sites = ("engine.sync_engine", "engine.sync_engine.execute(q)")
    assert fixed(before, "enter_connection", sites, CONN) == (after, "unsafe")
    before = in_function("return (await self.make.scalars(q)).all()")
    after = in_function("async with self.make() as db:\n    return (await db.scalars(q)).all()")
    sites = ("self.make", "self.make.scalars(q)")
    assert fixed(before, "enter_connection", sites, ("()", "session", "db")) == (after, "unsafe")


@pytest.mark.parametrize(
    "text",
    [
        "def f(e, q):\n    return e.execute(q)\n",
        "async def f(e, q):\n    a = 1; e.execute(q)\n",
        "async def f(e, q):\n    if q: e.execute(q)\n",
        "async def f(e, q):\n    if e.execute(q):\n        pass\n",
        "async def f(e, q):\n    g = lambda: e.execute(q)\n",
        "async def f(e, q, conn, connection):\n    e.execute(q)\n",
    ],
)
def test_enter_connection_refuses(text: str) -> None:
    assert fixed(text, "enter_connection", ("e", "e.execute(q)"), CONN, kinds=(cst.Name,)) is None


PROVIDER = "async def make(x=None):\n    yield 1\n\n\n"
IMPORT = "from contextlib import asynccontextmanager\n"


def wrapped(body: str, call: str = "make()", awaited: str | None = "await make()") -> tuple[str, str] | None:
    return fixed(f"import os\n\n{PROVIDER}{body}", "wrap_async_context_manager", (call, awaited), safety="unsafe")


def test_wrap_async_context_manager_takes_the_rest_of_the_block_in() -> None:
    before = code(
        """
        async def f(a):
            try:
                session = await make()  # opened
                # first

                await session.execute('''
            select 1''')
                if a:
                    return 1  # early
            finally:
                pass
            return 2
        """
    )
    after = code(
        """
        async def f(a):
            try:
                async with asynccontextmanager(make)() as session:  # opened
                    # first

                    await session.execute('''
            select 1''')
                    if a:
                        return 1  # early
            finally:
                pass
            return 2
        """
    )
    assert wrapped(before) == (f"import os\n{IMPORT}\n{PROVIDER}{after}", "unsafe")


def test_wrap_async_context_manager_keeps_arguments_declarations_tabs_and_newlines() -> None:
    before = "async def f(r):\n\ts: S = await make(\n\t\tr,  # it\n\t)\n\tawait s.a()"
    after = "async def f(r):\n\ts: S\n\tasync with asynccontextmanager(make)(\n\t\tr,  # it\n\t) as s:\n\t\tawait s.a()"
    call = "make(\n\t\tr,  # it\n\t)"
    assert wrapped(before, call, f"await {call}") == (f"import os\n{IMPORT}\n{PROVIDER}{after}", "unsafe")
    text = f"import os\n\n{PROVIDER}{before}".replace("\n", "\r\n")
    call = call.replace("\n", "\r\n")
    answer = fixed(text, "wrap_async_context_manager", (call, f"await {call}"))
    assert answer == (f"import os\n{IMPORT}\n{PROVIDER}{after}".replace("\n", "\r\n"), "unsafe")


@pytest.mark.parametrize(
    "body",
    [
        "async def f():\n    s = await make()\n",
        "async def f(o):\n    o.s = await make()\n    await o.s.a()\n",
        "async def f():\n    r = (await make()).a()\n    await r\n",
        "async def f():\n    return await make()\n",
        "async def f():\n    s = await make(); x = 1\n    await s.a()\n",
        "async def f():\n    if 1: s = await make()\n    await s.a()\n",
        "async def f():\n    s = (  # why\n        await make()\n    )\n    await s.a()\n",
        "def asynccontextmanager(): pass\n\nasync def f():\n    s = await make()\n    await s.a()\n",
        "async def f(asynccontextmanager):\n    s = await make()\n    await s.a()\n",
    ],
)
def test_wrap_async_context_manager_refuses(body: str) -> None:
    assert wrapped(body) is None


def test_wrap_async_context_manager_in_an_async_with() -> None:
    before = "async def f():\n    async with a() as x, make() as s:\n        pass\n"
    after = before.replace("make()", "asynccontextmanager(make)()")
    assert wrapped(before, "make()", None) == (f"import os\n{IMPORT}\n{PROVIDER}{after}", "unsafe")


TRY = code(
    """
    async def f(make, log):
        # open it
        try:
            session = make()
            await session.commit()
        except ValueError:
            await session.rollback()
            log(session)

            # and then
            await log(1)
            raise
        finally:
            await session.close()  # always
    """
)
TRY_STATEMENT = TRY[TRY.index("try:") : TRY.index("  # always")]


def bound(text: str, read: str, statement: str | None, name: str = "session") -> tuple[str, str] | None:
    return fixed(text, "bind_none_before", (read, statement), (name,), kinds=(cst.Name, cst.Try))


def test_bind_none_before_binds_and_guards() -> None:
    after = TRY.replace("    # open it\n", "    session = None\n    # open it\n").replace(
        "        await session.close()", "        if session is not None:\n            await session.close()"
    )
    assert bound(TRY, "session#5", TRY_STATEMENT) == (after, "safe")
    crlf = [text.replace("\n", "\r\n") for text in (TRY, TRY_STATEMENT, after)]
    assert bound(crlf[0], "session#5", crlf[1]) == (crlf[2], "safe")
    tabs = [text.replace("    ", "\t") for text in (TRY, TRY_STATEMENT, after)]
    assert bound(tabs[0], "session#5", tabs[1]) == (tabs[2], "safe")


def test_bind_none_before_guards_neighbours_together_and_only_guards_what_is_bound() -> None:
    after = TRY.replace(
        "        await session.rollback()\n        log(session)\n",
        "        if session is not None:\n            await session.rollback()\n            log(session)\n",
    )
    assert bound(TRY, "session#3", None) == (after, "safe")


@pytest.mark.parametrize("test", ["session", "not session", "session is not None", "session is None"])
def test_bind_none_before_only_binds_what_is_tested(test: str) -> None:
    text = f"def f(s):\n    try:\n        session = s()\n    finally:\n        if {test}:\n            session.x()\n"
    statement = text[text.index("try") : -1]
    after = text.replace("    try:", "    session = None\n    try:")
    assert bound(text, "session#2", statement) == (after, "safe")
    assert bound(text, "session#2", None) is None


@pytest.mark.parametrize(
    "use",
    ["return session", "x = session.x()", "raise E(session)", "session.x(); session.y()", "if 1: session.x()"],
)
def test_bind_none_before_refuses_what_it_cannot_guard(use: str) -> None:
    text = f"def f(s):\n    try:\n        session = s()\n    except E:\n        {use}\n"
    assert bound(text, "session#2", text[text.index("try") : -1]) is None


def test_bind_none_before_is_not_confused_by_its_surroundings() -> None:
    text = "def f(s):\n    for i in s:\n        # one\n        try:\n            a = i()\n        except E: pass\n        a.x()\n"
    statement = text[text.index("try") : text.index("\n        a.x")]
    after = "def f(s):\n    for i in s:\n        a = None\n        # one\n"
    after += text[text.index("        try") :].replace("        a.x()", "        if a is not None:\n            a.x()")
    assert bound(text, "a#2", statement, "a") == (after, "safe")


REFRESHES = [
    ("return user.posts", 'await session.refresh(user, ["posts"])\nreturn user.posts'),
    ("for p in user.posts:\n    pass", 'await session.refresh(user, ["posts"])\nfor p in user.posts:\n    pass'),
    ("if user.posts:\n    pass", 'await session.refresh(user, ["posts"])\nif user.posts:\n    pass'),
    ("x = [p for p in user.posts]", 'await session.refresh(user, ["posts"])\nx = [p for p in user.posts]'),
    ("x = [user.posts for user in users]", None),
    ("x = user.posts if user else None", None),
    ("x = user and user.posts", None),
    ("while user.posts:\n    pass", None),
    ("if x:\n    pass\nelif user.posts:\n    pass", None),
    ("x = 1; y = user.posts", None),
    ("if x: return user.posts", None),
    ("x = lambda user: user.posts", None),
]


@pytest.mark.parametrize(("before", "after"), REFRESHES)
def test_refresh_before(before: str, after: str | None) -> None:
    answer = fixed(in_function(before), "refresh_before", ("user.posts",), ("session", "posts"))
    assert answer == (None if after is None else (in_function(after), "unsafe"))


DRIVEN = code("""
    from fastapi import Depends

    async def get_session():
        yield 1


    @app.get("/")
    async def index(session=Depends(get_session)):
        pass


    async def job():
        session = await get_session()
        await session.commit()


    async def other():
        async with get_session() as session:
            await session.commit()
""")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_provider_that_a_framework_drives_gets_a_context_managed_one_beside_it(newline: str) -> None:
    sites = ("get_session()", "await get_session()")
    answer = fixed(DRIVEN.replace("\n", newline), "wrap_async_context_manager", sites)
    wanted = (
        DRIVEN.replace("from fastapi", "from contextlib import asynccontextmanager\n\nfrom fastapi")
        .replace("    yield 1\n", "    yield 1\n\n\nget_session_context = asynccontextmanager(get_session)\n")
        .replace("    session = await get_session()\n", "    async with get_session_context() as session:\n")
        .replace("    await session.commit()\n\n\n", "        await session.commit()\n\n\n")
    )
    assert answer == (wanted.replace("\n", newline), "unsafe")
    # the next call finds it there
    again = fixed(answer[0], "wrap_async_context_manager", ("get_session()",))
    assert again == (wanted.replace("with get_session()", "with get_session_context()").replace("\n", newline), "unsafe")


def test_two_calls_by_hand_share_the_new_provider() -> None:
    source = Source.from_text(PATH, DRIVEN)
    fixes = []
    for sites in (("get_session()#1", "await get_session()"), ("get_session()#2",)):
        found = tuple(site(source, name) for name in sites)
        made = build(FixRequest("wrap_async_context_manager", "Enter", "unsafe", found), lambda path: source)
        assert made is not None
        fixes.append(made)
    after, applied = apply(DRIVEN, fixes)
    assert len(applied) == 2
    assert after.count("get_session_context = asynccontextmanager(get_session)") == 1
    assert after.count("async with get_session_context() as session:") == 2


@pytest.mark.parametrize(
    "more", ["get_session_context = 1\n", "get_session = wrapped(get_session)\n", "def f(get_session): pass\n"]
)
def test_no_provider_is_added_where_names_are_taken(more: str) -> None:
    answer = fixed(DRIVEN + more, "wrap_async_context_manager", ("get_session()", "await get_session()"))
    assert answer is not None
    assert "async with asynccontextmanager(get_session)() as session:" in answer[0]
