"""Odd places for an expression or a statement, ways to write a file, and misuses to put there.

`$` in a place stands for what is put there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

PREAMBLE = '''\
"""What it is."""
from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from sqlalchemy import ForeignKey, NullPool, event, select, update
from sqlalchemy.ext.asyncio import AsyncSession, AsyncEngine, AsyncConnection, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, joinedload

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Base", "User", "Post"]


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    posts: Mapped[list[Post]] = relationship(back_populates="user")


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    user: Mapped[User] = relationship(back_populates="posts")


def g(*args, **kwargs):
    return args


async def provide(url: str = ""):
    async with AsyncSession(create_async_engine("sqlite+aiosqlite://")) as s:
        yield s


'''
HEAD = """\
async def f(
    session: AsyncSession, engine: AsyncEngine, factory: async_sessionmaker[AsyncSession], q, x, z
):
"""
EXPRESSIONS = [
    "$",
    "x = $",
    "x = y = $",
    "x: int = $",
    "x += $",
    "return $",
    "assert $",
    "assert x, $",
    "del x[$]",
    "raise g($)",
    "x = ($)",
    "x = (($))",
    "x = (\n    $\n)",
    "x = (  # why\n    $  # what\n)",
    "x = \\\n    $",
    "x = [$]",
    "x = {$: 1}",
    "x = {1: $}",
    "x = {**g($)}",
    "x = ($, 1)",
    "x = $, 1",
    "x, = [$]",
    "x = g($)",
    "x = g(1, k=$)",
    "x = g(*$)",
    "x = g(**$)",
    "x = g(\n    1,  # one\n    $,  # two\n    k=3,\n)",
    "x = g($)($)",
    "x = $ if z else 1",
    "x = 1 if z else $",
    "x = 1 if $ else 2",
    "x = z and $",
    "x = $ or z",
    "x = not $",
    "x = -$",
    "x = $ ** 2",
    "x = 2 ** $",
    "x = $ + 1",
    "x = 1 - $",
    "x = $ in z",
    "x = 1 < $ < 3",
    "x = $ is not None",
    "x = z[$]",
    "x = z[$:1]",
    "x = $[0]",
    "x = $.attr",
    "x = $()",
    "x = f'{$}'",
    "x = f'{$!r:>10}'",
    "x = (y := $)",
    "x = [i for i in $]",
    "x = [$ for i in z]",
    "x = [i for i in z if $]",
    "x = {i: $ for i in z}",
    "x = {$ for i in z}",
    "x = (i for i in $)",
    "x = ($ for i in z)",
    "x = lambda: $",
    "x = lambda a=$: a",
    "if $: pass",
    "if z: pass\nelif $: pass",
    "while $: break",
    "for x in $: pass",
    "with $ as x: pass",
    "with g($) as x, z: pass",
    "async with $ as x: pass",
    "async for x in $: pass",
    "match $:\n    case _: pass",
    "match z:\n    case _ if $: pass",
    "try:\n    x = $\nexcept Exception:\n    raise",
    "try: pass\nfinally:\n    x = $",
    "if z: x = $",
    "if z: x = $; y = 2",
    "y = 1; x = $",
    "x = $; y = 1",
    "x = $ ; y = $",
    "class A:\n    x = $",
    "@g($)\ndef h(): pass",
    "def h(a=$): pass",
    "def h():\n    return $",
    "async def h():\n    return $",
    "async def h():\n    $\nawait h()",
    "yield $",
    "x = yield $",
    "global w; w = $",
    "x = await g($)",
    "x = await asyncio.gather(g($), $)",
    "x = g(  $  )",
    "x=g($,\n  $)",
    "if z:\n\tx = $",
    "print($, end='')",
    "x = '%s' % $",
    "x = $  # noqa: E501",
    "x = $  # type: ignore",
    "x = ($,)",
    "x = g(g(g($)))",
    "x = z[g($)].y[$]",
    "x = g($\n      )",
    "async with asyncio.timeout(1): x = $",
    "return (yield $)",
    "x = [await g($) for i in z]",
    "z.y = $",
    "z[0] = $",
    "x = *$, 1",
]
STATEMENTS = [
    "$",
    "if z:\n    $",
    "if z:\n    pass\nelse:\n    $",
    "if z:\n    $\nelse:\n    pass",
    "if z: pass\nelif x:\n    $",
    "for i in z:\n    $",
    "for i in z:\n    pass\nelse:\n    $",
    "while z:\n    $\n    break",
    "try:\n    $\nexcept Exception:\n    raise",
    "try:\n    pass\nexcept Exception:\n    $",
    "try:\n    pass\nfinally:\n    $",
    "try:\n    pass\nexcept E:\n    raise\nelse:\n    $",
    "with z:\n    $",
    "async with z:\n    $",
    "match z:\n    case 1:\n        $\n    case _:\n        pass",
    "class A:\n    async def h(self):\n        $",
    "async def h():\n    $\nawait h()",
    "def h():\n    $",
    "# why\n$\n# after",
    "$  # noqa: E501",
    "'''text'''\n$",
    "x = '''\nraw\n'''\n$\ny = '''\nraw\n'''",
    "$\nreturn x",
    "$\nawait session.close()",
    "x = 1\n\n\n$\n\n\ny = 2",
    "async with factory() as inner:\n    pass\n$",
    "\n$\n\n",
    "x = [\n    1,\n]\n$\nx = [\n1,\n]",
    "$\nif x: \\\n    pass",
    "\x0c\n$",
    "$\n\x0c\npass",
    "if z:\n\t$\n\tpass",
    "if z:\n        $\n        pass",
    "if z:\n $\n pass",
    "with (z as a, z as b):\n    $",
    "$\n#: end",
    "try:\n    $\nfinally:\n    pass",
    "async for i in z:\n    $",
    "for i in z:\n    if i:\n        continue\n    $\n    break",
    "lambda: 0\n$",
]
FILES: dict[str, Callable[[str], bytes]] = {
    "as usual": str.encode,
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "BOM": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "Latin-1": lambda text: b"# -*- coding: latin-1 -*-\n# \xe9\n" + text.encode("latin-1"),
    "no last newline": lambda text: text.rstrip("\n").encode(),
    "wide letters and separators": lambda text: f"# \U0001f600 \u2028 \x0c \xe9\n{text}".encode(),
    "CR": lambda text: text.replace("\n", "\r").encode(),
}


class Misuse(NamedTuple):
    """What is wrong, named for what mends it: an expression, or statements; and the statements that come before."""

    name: str
    is_expression: bool
    text: str
    before: str = ""


def placed(misuse: Misuse, place: str) -> str:
    """The program with a misuse in a place."""
    lines = []
    for line in place.split("\n"):
        # of several lines each gets the margin
        margin = line[: line.index("$")] if line.strip() == "$" else ""
        lines += line.replace("$", misuse.text.replace("\n", f"\n{margin}")).split("\n")
    body = [*misuse.before.splitlines(), *lines]
    return PREAMBLE + HEAD + "".join(f"    {line}\n" if line.strip() else f"{line}\n" for line in body)

MISUSES = [
    Misuse("insert_await chain", True, "session.execute(q).scalars()"),
    Misuse("insert_await dropped", False, "session.commit()"),
    Misuse("insert_await nested", True, "session.scalar(select(User).where(User.id == session.scalar(q).id)).name"),
    Misuse("drop_await", True, "await session.add(x)"),
    Misuse("drop_await result", True, "await (await session.execute(q)).scalars()"),
    Misuse("wrap_call", True, "await session.execute('select 1')"),
    Misuse("insert_call", True, "result[0]", "result = await session.execute(q)"),
    Misuse("insert_call unique", True, "(await session.scalars(select(User).options(joinedload(User.posts)))).all()"),
    Misuse("add_loader_option", True, "user.posts", "user = (await session.scalars(select(User))).first()"),
    Misuse("add_loader_option split", True, "user.posts", "user = (\n    await session.scalars(\n        select(User)\n        .where(q),  # mine\n    )\n).one()"),
    Misuse("refresh_before", True, "user.posts", "user = await session.get(User, 1)"),
    Misuse("query_to_select", True, "session.query(User).filter(User.id == 1).all()"),
    Misuse("query_to_select count", True, "session.query(User).filter_by(id=1).count()"),
    Misuse("run_in_sync", False, "Base.metadata.create_all(conn)", "conn = await engine.connect()"),
    Misuse("run_in_sync engine", False, "Base.metadata.create_all(engine)"),
    Misuse("pass_function", True, "await conn.run_sync(Base.metadata.create_all(conn))", "conn = await engine.connect()"),
    Misuse("use_parameter", True, "await session.run_sync(lambda s: session.execute(q))"),
    Misuse("name_attributes", True, "await session.refresh(x, [User.posts])"),
    Misuse("drop_await scheduled", True, "asyncio.gather(await session.execute(q))"),
    Misuse("rename_member", True, "session.bulk_save_objects([x])"),
    Misuse("replace_text", True, "create_async_engine('postgresql+psycopg2://u:p@h/db')"),
    Misuse("replace_text malformed", True, "create_async_engine('postgres://u:p@h/db')"),
    Misuse("drop_argument", True, "create_async_engine('sqlite+aiosqlite://', poolclass=NullPool, pool_size=5)"),
    Misuse("read_attribute", True, "event.listen(engine, 'connect', g)"),
    Misuse("change_iteration", False, "for row in await session.stream(q):\n    g(row)"),
    Misuse("change_iteration plain", False, "async for row in await session.execute(q):\n    g(row)"),
    Misuse("change_iteration comp", True, "[row for row in await session.stream(q)]"),
    Misuse("enter_connection", False, "await engine.execute(q)"),
    Misuse("enter_connection assigned", False, "rows = await engine.execute(q)\ng(rows)"),
    Misuse("wrap_async_context_manager", False, "s = await provide()\nawait s.execute(q)"),
    Misuse("wrap_async_context_manager with", False, "async with provide() as s:\n    await s.execute(q)"),
    Misuse("switch_with", False, "with AsyncSession(engine) as s:\n    await s.execute(q)"),
    Misuse("call_member factory", False, "async with factory as s:\n    await s.execute(q)"),
    Misuse("enter_context", False, "s = AsyncSession(engine)\nawait s.execute(q)"),
    Misuse("enter_context conn", False, "conn = engine.connect()\nawait conn.execute(q)"),
    Misuse("bind_none_before", False, "try:\n    s = factory()\n    await s.execute(q)\nfinally:\n    await s.close()"),
    Misuse("flush_before", False, "user = User(name='a')\nsession.add(user)\ng(user.id + 1)"),
    Misuse("flush_instead", False, "async with session.begin():\n    session.add(x)\n    await session.commit()\n    await session.execute(q)"),
    Misuse("drop_statement", False, "async with session.begin():\n    await session.execute(q)\n    await session.commit()\n    session.add(x)"),
    Misuse("roll_back_first", False, "try:\n    await session.commit()\nexcept Exception:\n    g()\nawait session.execute(q)"),
    Misuse("add_statement_after", False, "async with AsyncSession(engine) as s:\n    s.add(x)\n    await s.flush()"),
    Misuse("refresh_before expired", False, "async with AsyncSession(engine) as s:\n    user = await s.get_one(User, 1)\n    user.name = 'b'\n    await s.commit()\n    g(user.name)"),
    Misuse("first_where_made", False, "result = await session.execute(q)\nif result:\n    g(result.id)"),
    Misuse("collection change", False, "user = (await session.scalars(select(User))).one()\nuser.posts.append(x)"),
]
