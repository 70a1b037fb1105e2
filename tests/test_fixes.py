"""The fix builders for awaits, each on sources and sites of its own, without any rule or fact."""

from __future__ import annotations

import libcst as cst
import pytest

from fixing import PATH, fixed, in_function, site
from flake8_async_orm.fixes import BUILDERS, build
from flake8_async_orm.rule import FixRequest
from flake8_async_orm.source import Source
from flake8_async_orm.values import Site


def test_a_site_of_another_file_and_a_file_that_cannot_be_edited_are_refused() -> None:
    source = Source.from_text(PATH, "async def f(s):\n    s.commit()\n")
    request = FixRequest("insert_await", "Await", "safe", (site(source, "s.commit()"), Site("other.py", 3)))
    assert build(request, lambda path: source) is None
    assert build(FixRequest("insert_await", "Await", "safe", (None,)), lambda path: source) is None
    odd = Source.from_text(PATH, "\fasync def f(s):\n    s.commit()\n")
    assert not odd.faithful
    assert build(FixRequest("insert_await", "Await", "safe", (site(odd, "s.commit()"),)), lambda path: odd) is None
    with pytest.raises(KeyError):
        build(FixRequest("no_such_builder", "Await", "safe", (site(source, "s.commit()"),)), lambda path: source)


def test_the_grade_is_never_better_than_the_one_asked_for() -> None:
    for grade in ("safe", "unsafe", "suggestion"):
        answer = fixed("async def f(s):\n    s.commit()\n", "insert_await", ("s.commit()",), safety=grade)
        assert answer is not None and answer[1] == grade


def test_every_builder_refuses_what_it_cannot_work_on() -> None:
    for builder in BUILDERS:
        words = ("a.B.c", "d") if builder in ("refresh_before", "wrap_call") else ("a.B.c",)
        assert (
            fixed("async def f(s):\n    pass\n", builder, ("pass", "pass"), words, kinds=(cst.Pass, cst.Pass)) is None
        )


AWAITS = [
    ("session.commit()", "session.commit()", "await session.commit()"),
    ("x = session.execute(q).scalars()", "session.execute(q)", "x = (await session.execute(q)).scalars()"),
    ("x = session.execute(q)[0]", "session.execute(q)", "x = (await session.execute(q))[0]"),
    ("x = session.get()()", "session.get()", "x = (await session.get())()"),
    ("x = (session.execute(q)).all()", "session.execute(q)", "x = (await session.execute(q)).all()"),
    ("x = ((session.execute(q))).all()", "session.execute(q)", "x = ((await session.execute(q))).all()"),
    ("x = session.scalar(q) ** 2", "session.scalar(q)", "x = await session.scalar(q) ** 2"),
    ("x = 2 ** session.scalar(q)", "session.scalar(q)", "x = 2 ** await session.scalar(q)"),
    ("x = -session.scalar(q)", "session.scalar(q)", "x = -await session.scalar(q)"),
    ("x = not session.scalar(q)", "session.scalar(q)", "x = not await session.scalar(q)"),
    ("x = f'{session.scalar(q)!r:>9}'", "session.scalar(q)", "x = f'{await session.scalar(q)!r:>9}'"),
    ("if session.scalar(q): session.commit()", "session.commit()", "if session.scalar(q): await session.commit()"),
    ("a = 1; session.commit(); b = 2", "session.commit()", "a = 1; await session.commit(); b = 2"),
    ("for row in session.execute(q): pass", "session.execute(q)", "for row in await session.execute(q): pass"),
    ("a, b = session.scalars(q)", "session.scalars(q)", "a, b = await session.scalars(q)"),
    ("x = [*session.scalars(q)]", "session.scalars(q)", "x = [*await session.scalars(q)]"),
    ("x = [session.get(i) for i in q]", "session.get(i)", "x = [await session.get(i) for i in q]"),
    ("x = list(i for i in session.scalars(q))", "session.scalars(q)", "x = list(i for i in await session.scalars(q))"),
    ("def g(x=session.scalar(q)): pass", "session.scalar(q)", "def g(x=await session.scalar(q)): pass"),
    ("return session.scalar(q)", "session.scalar(q)", "return await session.scalar(q)"),
    ("async with session.make() as s: pass", "session.make()", "async with await session.make() as s: pass"),
    (
        "x = (session.get(1) if q else session.get(2)).name",
        "session.get(1) if q else session.get(2)",
        "x = (await (session.get(1) if q else session.get(2))).name",
    ),
    (
        "x = session.get(1) if q else session.get(2)",
        "session.get(1) if q else session.get(2)",
        "x = await (session.get(1) if q else session.get(2))",
    ),
    (
        "x = session.execute(\n    q,  # why\n).scalars()",
        "session.execute(\n        q,  # why\n    )",
        "x = (await session.execute(\n    q,  # why\n)).scalars()",
    ),
    ("session.commit(  # now\n)", "session.commit(  # now\n    )", "await session.commit(  # now\n)"),
]


@pytest.mark.parametrize(("before", "expression", "after"), AWAITS)
def test_insert_await(before: str, expression: str, after: str) -> None:
    assert fixed(in_function(before), "insert_await", (expression,)) == (in_function(after), "safe")


@pytest.mark.parametrize(
    "text",
    [
        "def f(session):\n    session.commit()\n",
        "session.commit()\n",
        "async def f(session):\n    g = lambda: session.commit()\n",
        "async def f(session):\n    def g():\n        session.commit()\n",
        "async def f(session):\n    class A:\n        a = session.commit()\n",
        "async def f(session, q):\n    return sum(session.commit() for i in q)\n",
        "async def f(session, q):\n    return [[session.commit() for i in q] for j in q]\n",
        "async def f(session):\n    await session.commit()\n",
    ],
)
def test_insert_await_refuses_where_no_await_may_stand(text: str) -> None:
    assert fixed(text, "insert_await", ("session.commit()",)) is None


@pytest.mark.parametrize("decorator", ["", "@route('/')\n", "@route(\n    '/',  # root\n)\n"])
def test_insert_await_in_decorated_functions_with_tabs_and_other_newlines(decorator: str) -> None:
    before = decorator + "async def f(s):\n\tif s:\n\t\ts.commit()\n"
    for newline in ("\n", "\r\n"):
        text = before.replace("\n", newline)
        assert fixed(text, "insert_await", ("s.commit()",)) == (text.replace("\ts.commit", "\tawait s.commit"), "safe")


STREAM = ("all", "first")
MOVES = [
    ("x = await session.execute(q).scalars()", (), "x = (await session.execute(q)).scalars()"),
    ("x = await session.execute(q).scalars().all()", (), "x = (await session.execute(q)).scalars().all()"),
    ("x = (await session.execute(q).scalars()).all()", (), "x = (await session.execute(q)).scalars().all()"),
    ("x = await (session.execute(q)).scalars()", (), "x = (await session.execute(q)).scalars()"),
    ("x = await session.execute(q).scalars().all()", STREAM, "x = await (await session.execute(q)).scalars().all()"),
    ("x = await session.execute(q).scalars()", STREAM, "x = (await session.execute(q)).scalars()"),
    ("x = await session.execute(q).other()", ("*",), "x = await (await session.execute(q)).other()"),
    ("f'{await session.execute(q).scalar()}'", (), "f'{(await session.execute(q)).scalar()}'"),
]


@pytest.mark.parametrize(("before", "words", "after"), MOVES)
def test_insert_await_moves_an_await_that_holds_the_whole_chain(
    before: str, words: tuple[str, ...], after: str
) -> None:
    source = Source.from_text(PATH, in_function(before))
    whole = next(source.text[slice(*source.span(n))] for n, x in enumerate(source.nodes) if isinstance(x, cst.Await))
    answer = fixed(source.text, "insert_await", ("session.execute(q)", whole), words, kinds=(cst.Call, cst.Await))
    assert answer == (in_function(after), "safe")


def test_insert_await_awaits_the_call_that_made_a_coroutine_used_by_its_name() -> None:
    before = in_function("r = session.execute(q)\nrows = r.all()\nn = r.rowcount")
    after = before.replace("= session", "= await session")
    assert fixed(before, "insert_await", ("session.execute(q)", None, "r#2")) == (after, "safe")
    handed_on = before + "    await gather(r)\n"
    assert fixed(handed_on, "insert_await", ("session.execute(q)", None, "r#2")) == (
        after + "    await gather(r)\n",
        "unsafe",
    )
    awaited = before + "    await r\n"
    assert fixed(awaited, "insert_await", ("session.execute(q)", None, "r#2")) is None


DROPS = [
    ("await session.add(x)", "session.add(x)"),
    ("y = await session.in_transaction()", "y = session.in_transaction()"),
    ("y = await (await session.execute(q)).all()", "y = (await session.execute(q)).all()"),
    ("y = (await session.scalars()).all()", "y = session.scalars().all()"),
    ("y = ( await session.scalars() ).all()", "y = ( session.scalars() ).all()"),
    ("return(await session.scalars())", "return(session.scalars())"),
    ("return not(await session.scalars())", "return not(session.scalars())"),
    ("y = await(session.scalars())", "y = (session.scalars())"),
    ("f(await session.add(x))", "f(session.add(x))"),
    ("y = -(await session.one())", "y = -session.one()"),
    ("if await session.a(): await session.b()", "if session.a(): await session.b()"),
    ("y = (await session.all(\n    1\n))[0]", "y = session.all(\n    1\n)[0]"),
    ("y = (await session\n     .all())", "y = (session\n     .all())"),
    ("y = (await\n     session.all())", "y = (session.all())"),
]


@pytest.mark.parametrize(("before", "after"), DROPS)
def test_drop_await(before: str, after: str) -> None:
    text = in_function(before)
    source = Source.from_text(PATH, text)
    first = next(source.text[slice(*source.span(n))] for n, x in enumerate(source.nodes) if isinstance(x, cst.Await))
    assert fixed(text, "drop_await", (first,), kinds=(cst.Await,)) == (in_function(after), "safe")


def test_drop_await_keeps_a_comment_and_is_unsafe_then() -> None:
    before = in_function("x = (await  # soon\n     session.all())")
    after = in_function("x = (# soon\n     session.all())")
    assert fixed(before, "drop_await", ("await  # soon\n         session.all()",)) == (after, "unsafe")


def test_call_member() -> None:
    before = in_function("await session.commit")
    after = in_function("await session.commit()")
    assert fixed(before, "call_member", ("session.commit",)) == (after, "safe")


def test_await_attribute() -> None:
    before = in_function("return [p.title for p in user.posts if user.posts[0]]")
    first = in_function("return [p.title for p in await user.awaitable_attrs.posts if user.posts[0]]")
    second = in_function("return [p.title for p in user.posts if (await user.awaitable_attrs.posts)[0]]")
    assert fixed(before, "await_attribute", ("user.posts",)) == (first, "safe")
    assert fixed(before, "await_attribute", ("user.posts#2",)) == (second, "safe")
    assert fixed("def f(u):\n    return u.posts\n", "await_attribute", ("u.posts",)) is None
