"""Builders where the text is not as one expects it: each case is a way in which a fix could go wrong."""

from __future__ import annotations

import pytest

from fixing import PATH, code, fixed, in_function, site
from flake8_async_orm.edits import apply
from flake8_async_orm.fixes import build
from flake8_async_orm.rule import FixRequest
from flake8_async_orm.source import Source


def mended(text: str, builder: str, sites: tuple[str | None, ...], words: tuple[str, ...] = ()) -> str | None:
    answer = fixed(text, builder, sites, words)
    return answer[0] if answer is not None else None


# -- await -----------------------------------------------------------------------------------------------------------------

INSIDE = [
    ("if q: session.commit()", "if q: await session.commit()"),
    ("session.commit(); x = 1", "await session.commit(); x = 1"),
    ("x = 1; session.commit()", "x = 1; await session.commit()"),
    ("x = \\\n    session.commit()", "x = \\\n    await session.commit()"),
    ("x = [i for i in q if session.commit()]", "x = [i for i in q if await session.commit()]"),
    ("x = {i: session.commit() for i in q}", "x = {i: await session.commit() for i in q}"),
    ("@session.commit()\ndef g(): pass", "@await session.commit()\ndef g(): pass"),
    ("x = q(session.commit(), session.commit)", "x = q(await session.commit(), session.commit)"),
    ("x = session.commit().a.b().c", "x = (await session.commit()).a.b().c"),
    ("x = (session.commit()\n     .a)", "x = ((await session.commit())\n     .a)"),
    ("x = (  # why\n    session.commit()  # what\n)", "x = (  # why\n    await session.commit()  # what\n)"),
    ("assert session.commit(), q", "assert await session.commit(), q"),
    ("x = yield_(session.commit())", "x = yield_(await session.commit())"),
    ("while (y := session.commit()): pass", "while (y := await session.commit()): pass"),
    ("match session.commit():\n    case _: pass", "match await session.commit():\n    case _: pass"),
    ("x = f'''\n{session.commit()}\n'''", "x = f'''\n{await session.commit()}\n'''"),
]
REFUSED = [
    "x = lambda: session.commit()",
    "x = (session.commit() for i in q)",
    "x = [[session.commit() for i in j] for j in q]",
    "class A:\n    x = session.commit()",
    "def g():\n    session.commit()",
    "def g(): session.commit()",
    "x = [lambda: session.commit() for i in q]",
]


@pytest.mark.parametrize(("before", "after"), INSIDE)
def test_await(before: str, after: str) -> None:
    assert mended(in_function(before), "insert_await", ("session.commit()",)) == in_function(after)


@pytest.mark.parametrize("before", REFUSED)
def test_no_await_where_none_may_stand(before: str) -> None:
    assert mended(in_function(before), "insert_await", ("session.commit()",)) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("return await(session.add(q))", "return (session.add(q))"),
        ("x = await \\\n    session.add(q)", "x = session.add(q)"),
        ("if q: await session.add(q)", "if q: session.add(q)"),
        ("await session.add(q); await session.flush()", "session.add(q); await session.flush()"),
        ("x = not await(session.add(q))", "x = not (session.add(q))"),
        ("x = (\n    await session.add(\n        q,\n    )\n)", "x = (\n    session.add(\n        q,\n    )\n)"),
    ],
)
def test_await_taken_away(before: str, after: str) -> None:
    source = in_function(before)
    expression = next(
        text for text in ("await(session.add(q))", "await \\\n        session.add(q)", "await session.add(q)",
                          "await session.add(\n            q,\n        )") if text in source
    )
    assert mended(source, "drop_await", (expression,)) == in_function(after)


def test_nested_findings_of_one_statement_go_together() -> None:
    text = in_function("x = g(session.get(session.scalar(q)), session.all())")
    source = Source.from_text(PATH, text)
    fixes = []
    for expression in ("session.get(session.scalar(q))", "session.scalar(q)", "session.all()"):
        made = build(FixRequest("insert_await", "Await", "safe", (site(source, expression),)), lambda path: source)
        assert made is not None
        fixes.append(made)
    after, applied = apply(text, fixes)
    assert len(applied) == 3
    assert after == in_function("x = g(await session.get(await session.scalar(q)), await session.all())")


# -- imports ---------------------------------------------------------------------------------------------------------------

CALL = "async def f(session):\n    await session.execute('x')\n"
IMPORTS = [
    # the docstring and `__future__` stay first
    ('"""What it is."""\n\n', '"""What it is."""\n\nfrom sqlalchemy import text\n\n'),
    (
        '"""What it is."""\nfrom __future__ import annotations\n\n',
        '"""What it is."""\nfrom __future__ import annotations\n\nfrom sqlalchemy import text\n\n',
    ),
    ("#!/usr/bin/env python\n# coding: utf-8\n\n", "#!/usr/bin/env python\n# coding: utf-8\n\nfrom sqlalchemy import text\n\n"),
    # what is only imported for the type checker is not there at run time
    (
        "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from sqlalchemy import text\n\n",
        "from typing import TYPE_CHECKING\nfrom sqlalchemy import text\n\n"
        "if TYPE_CHECKING:\n    from sqlalchemy import text\n\n",
    ),
    ("import os\n\n__all__ = ['f']\n\n", "import os\nfrom sqlalchemy import text\n\n__all__ = ['f']\n\n"),
    ("from sqlalchemy import (  # all\n    select,  # one\n)\n", "from sqlalchemy import (  # all\n    select,  # one\n    text,\n)\n"),
    ("from sqlalchemy import select, \\\n    update\n", "from sqlalchemy import select, \\\n    text, update\n"),
    ("from sqlalchemy import *\n", "from sqlalchemy import text\nfrom sqlalchemy import *\n"),
    ("import os; import sys\n", "import os; import sys\nfrom sqlalchemy import text\n"),
    # an import below the definitions may come too late
    (
        "import os\n\nclass A: pass\n\nfrom app import b\n",
        "import os\nfrom sqlalchemy import text\n\nclass A: pass\n\nfrom app import b\n",
    ),
    # names of other scopes are not in the way
    ("import os\nclass A:\n    text = 1\n", "import os\nfrom sqlalchemy import text\nclass A:\n    text = 1\n"),
    ("import os\ndef g(text): pass\n", "import os\nfrom sqlalchemy import text\ndef g(text): pass\n"),
    ("import os\ng = lambda text: text\n", "import os\nfrom sqlalchemy import text\ng = lambda text: text\n"),
]


@pytest.mark.parametrize(("before", "after"), IMPORTS)
def test_an_import(before: str, after: str) -> None:
    written = mended(before + CALL, "wrap_call", ("'x'",), ("sqlalchemy", "text"))
    assert written == after + CALL.replace("'x'", "text('x')")


@pytest.mark.parametrize(
    "before",
    [
        "text = 1\n",
        "def text(): pass\n",
        "class text: pass\n",
        "from app import text\n",
        "import text\n",
        "for text in (): pass\n",
        "def g():\n    global text\n    text = 1\n",
        "with open('x') as text: pass\n",
        "try: pass\nexcept E as text: pass\n",
        "if (text := 1): pass\n",
    ],
)
def test_a_name_that_is_taken(before: str) -> None:
    assert mended(before + CALL, "wrap_call", ("'x'",), ("sqlalchemy", "text")) is None


def test_a_name_that_is_taken_by_a_function_around() -> None:
    text = "async def f(text, s):\n    async def g():\n        await s.execute('x')\n"
    assert mended(text, "wrap_call", ("'x'",), ("sqlalchemy", "text")) is None


def test_what_runs_with_the_module_needs_its_import_ahead() -> None:
    before = "import os\n\nengine = make(poolclass=Queue)\n\nfrom sqlalchemy.pool import AsyncAdaptedQueuePool\n"
    after = mended(before, "put_name", ("Queue",), ("sqlalchemy.pool", "AsyncAdaptedQueuePool"))
    assert after == (
        "import os\nfrom sqlalchemy.pool import AsyncAdaptedQueuePool\n\n"
        "engine = make(poolclass=AsyncAdaptedQueuePool)\n\nfrom sqlalchemy.pool import AsyncAdaptedQueuePool\n"
    )


def test_two_fixes_want_the_same_import() -> None:
    text = "import os\nasync def f(s):\n    await s.execute('x')\n    await s.execute('y')\n"
    source = Source.from_text(PATH, text)
    fixes = []
    for literal in ("'x'", "'y'"):
        request = FixRequest("wrap_call", "Wrap", "safe", (site(source, literal),), ("sqlalchemy", "text"))
        made = build(request, lambda path: source)
        assert made is not None
        fixes.append(made)
    after, applied = apply(text, fixes)
    assert len(applied) == 2
    assert after.count("import text") == 1
    assert "text('x')" in after and "text('y')" in after


# -- blocks ----------------------------------------------------------------------------------------------------------------

PROVIDED = "s = await get()"
OUTLIVING = [
    "s = await get()\nreturn s",
    "s = await get()\nself.s = s",
    "if q:\n    s = await get()\n    await s.execute(q)\nawait s.commit()",
    "try:\n    s = await get()\n    await s.execute(q)\nfinally:\n    await s.close()",
    "s = await get(); x = 1\nawait s.execute(q)",
    "if q: s = await get()\nawait s.execute(q)",
]


@pytest.mark.parametrize("body", OUTLIVING)
def test_what_outlives_its_block_is_not_entered(body: str) -> None:
    assert mended(in_function(body), "wrap_async_context_manager", ("get()", "await get()")) is None


def test_a_block_with_tabs_strings_continuations_and_comments_moves_whole() -> None:
    before = (
        "async def f():\n\ts = await get()\n\t# why\n\tx = '''\nkept\n\t'''\n\tawait s.execute(\n\t\tx,  # what\n\t)\n"
        "\tif x: \\\n\t\treturn s.info\n\n\n# after\n"
    )
    after = (
        "from contextlib import asynccontextmanager\n\n"
        "async def f():\n\tasync with asynccontextmanager(get)() as s:\n\t\t# why\n\t\tx = '''\nkept\n\t'''\n"
        "\t\tawait s.execute(\n\t\t\tx,  # what\n\t\t)\n\t\tif x: \\\n\t\t\treturn s.info\n\n\n# after\n"
    )
    assert mended(before, "wrap_async_context_manager", ("get()", "await get()")) == after


def test_what_is_streamed_is_not_moved_into_a_connection_of_its_own() -> None:
    text = in_function("x = await engine.stream(q)\nasync for row in x: pass")
    assert mended(text, "enter_connection", ("engine", "engine.stream(q)"), (".begin()", "conn")) is None


def test_arguments_are_dropped_with_their_lines() -> None:
    text = code("""
        engine = make(
            url,  # where
            pool_size=5,
            echo=True,  # loud
            overflow=1,  # more
        )
    """)
    source = Source.from_text(PATH, text)
    made = build(
        FixRequest("drop_argument", "Drop", "safe", (site(source, "5"), site(source, "1"))), lambda path: source
    )
    assert made is not None and made.safety == "unsafe"
    assert apply(text, [made])[0] == "engine = make(\n    url,  # where\n    echo=True,  # loud\n)\n"


# -- names -----------------------------------------------------------------------------------------------------------------


def test_a_name_is_not_every_word_that_is_spelled_so() -> None:
    text = in_function("q(lambda s: session.add(x.session, session=session))")
    after = mended(text, "use_parameter", ("session.add(x.session, session=session)", "lambda s: session.add(x.session, session=session)"))
    assert after == in_function("q(lambda s: s.add(x.session, session=s))")
    inner = in_function("q(lambda s: session.add(lambda s: session))")
    assert mended(inner, "use_parameter", ("session.add(lambda s: session)", "lambda s: session.add(lambda s: session)")) is None


def test_a_query_in_parentheses() -> None:
    text = "from sqlalchemy import select\n" + in_function("return (session.query(User)\n    .filter(q)).all()")
    assert mended(text, "query_to_select", ("session.query",)) == "from sqlalchemy import select\n" + in_function(
        "return ((await session.scalars(select(User)\n    .where(q)))).all()"
    )
    for body in ("return ((session.query(User)).filter(q)).all()", "return (session.query)(User).filter(q).all()"):
        assert mended("from sqlalchemy import select\n" + in_function(body), "query_to_select", ("session.query",)) is None
