"""Imports that fixes need, and loader options, which write names as the file does."""

from __future__ import annotations

import libcst as cst
import pytest

from fixing import PATH, fixed, site
from flake8_async_orm.edits import Fix, apply
from flake8_async_orm.fixes import build
from flake8_async_orm.rule import FixRequest
from flake8_async_orm.source import Source

PROVIDER = "async def make(x=None):\n    yield 1\n\n\n"
IMPORT = "from contextlib import asynccontextmanager\n"

IMPORTS = [
    # (imports before, imports after, spelling)
    ("import contextlib\n", "import contextlib\n", "contextlib.asynccontextmanager"),
    ("import contextlib as c\n", "import contextlib as c\n", "c.asynccontextmanager"),
    (IMPORT, IMPORT, "asynccontextmanager"),
    (
        "from contextlib import asynccontextmanager as acm\n",
        "from contextlib import asynccontextmanager as acm\n",
        "acm",
    ),
    ("from contextlib import suppress\n", "from contextlib import asynccontextmanager, suppress\n", None),
    ("from contextlib import aclosing\n", "from contextlib import aclosing, asynccontextmanager\n", None),
    (
        "from contextlib import suppress, closing\n",
        "from contextlib import suppress, closing, asynccontextmanager\n",
        None,
    ),
    ("from contextlib import (suppress)\n", "from contextlib import (asynccontextmanager, suppress)\n", None),
    ("from contextlib import suppress as a\n", "from contextlib import asynccontextmanager, suppress as a\n", None),
    (
        "from contextlib import (\n    aclosing,\n    suppress,  # quiet\n)\n",
        "from contextlib import (\n    aclosing,\n    asynccontextmanager,\n    suppress,  # quiet\n)\n",
        None,
    ),
    (
        "from contextlib import (\n    aclosing,\n    aclosing as b,  # quiet\n)\n",
        "from contextlib import (\n    aclosing,\n    aclosing as b,  # quiet\n    asynccontextmanager,\n)\n",
        None,
    ),
    (
        "from contextlib import (\n\taclosing,\n\taclosing as b  # quiet\n)\n",
        "from contextlib import (\n\taclosing,\n\taclosing as b,  # quiet\n\tasynccontextmanager\n)\n",
        None,
    ),
    (
        "from contextlib import aclosing, \\\n    aclosing as b\n",
        "from contextlib import aclosing, \\\n    aclosing as b, asynccontextmanager\n",
        None,
    ),
    ("from contextlib import *\n", f"{IMPORT}from contextlib import *\n", None),
    ("", f"{IMPORT}\n", None),
    ('"""Doc."""\n', f'"""Doc."""\n\n{IMPORT}', None),
    (
        "#!/usr/bin/python\n\nfrom __future__ import annotations\n",
        f"#!/usr/bin/python\n\nfrom __future__ import annotations\n\n{IMPORT}",
        None,
    ),
    ("import sqlalchemy\n", f"{IMPORT}\nimport sqlalchemy\n", None),
    (
        "import os\nfrom asyncio import run\nfrom typing import Any\n\nimport sqlalchemy\n",
        f"import os\nfrom asyncio import run\n{IMPORT}from typing import Any\n\nimport sqlalchemy\n",
        None,
    ),
    ("from .db import a\n", f"{IMPORT}\nfrom .db import a\n", None),
    (
        "if True:\n    from contextlib import asynccontextmanager\n",
        f"{IMPORT}\nif True:\n    from contextlib import asynccontextmanager\n",
        None,
    ),
]


@pytest.mark.parametrize(("before", "after", "spelling"), IMPORTS)
def test_an_import_is_added_in_the_file_s_own_style(before: str, after: str, spelling: str | None) -> None:
    body = PROVIDER + "async def f():\n    async with make() as s:\n        pass\n"
    wrapping = body.replace("with make()", f"with {spelling or 'asynccontextmanager'}(make)()")
    answer = fixed(before + body, "wrap_async_context_manager", ("make()",))
    assert answer is not None
    assert answer[0] == after + wrapping


def test_an_import_inside_the_function_counts_only_there() -> None:
    inner = "    from contextlib import asynccontextmanager as acm\n"
    before = PROVIDER + f"async def g():\n{inner}\nasync def f():\n{inner}    async with make() as s:\n        pass\n"
    assert fixed(before, "wrap_async_context_manager", ("make()",)) == (
        before.replace("with make()", "with acm(make)()"),
        "unsafe",
    )


def test_equal_imports_of_two_fixes_are_made_once() -> None:
    body = "async def {}():\n    async with make() as s:\n        pass\n"
    source = Source.from_text(PATH, "import os\n" + body.format("f") + body.format("g"))
    requests = [
        FixRequest("wrap_async_context_manager", "Wrap", "unsafe", (site(source, name),))
        for name in ("make()", "make()#2")
    ]
    fixes = [fix for request in requests if (fix := build(request, lambda path: source)) is not None]
    assert isinstance(fixes[0], Fix) and len(fixes) == 2
    after, applied = apply(source.text, fixes)
    assert len(applied) == 2
    assert after.count("import asynccontextmanager") == 1
    assert after.count("asynccontextmanager(make)()") == 2


HEAD = "from sqlalchemy import select\nfrom sqlalchemy.orm import selectinload\nfrom app.models import Post, User\n\n\n"
POSTS = "app.models.User.posts"
TAGS = "app.models.Post.tags"

OPTIONS = [
    # (statement, path, statement after)
    ("select(User)", (POSTS,), "select(User).options(selectinload(User.posts))"),
    ("select(User, Post).limit(1)", (POSTS,), "select(User, Post).limit(1).options(selectinload(User.posts))"),
    ("query.where(1)", (POSTS,), "query.where(1).options(selectinload(User.posts))"),
    ("stmt", (POSTS,), "stmt.options(selectinload(User.posts))"),
    (
        "select(User)",
        (POSTS, TAGS),
        "select(User).options(selectinload(User.posts).selectinload(Post.tags))",
    ),
    (
        "select(User).options(selectinload(User.team)).limit(1)",
        (POSTS,),
        "select(User).options(selectinload(User.team), selectinload(User.posts)).limit(1)",
    ),
    ("select(User).options()", (POSTS,), "select(User).options(selectinload(User.posts))"),
    (
        "select(User).options(selectinload(User.posts))",
        (POSTS, TAGS),
        "select(User).options(selectinload(User.posts).selectinload(Post.tags))",
    ),
    (
        "select(User).options(joinedload(User.posts, innerjoin=True), other)",
        (POSTS, TAGS),
        "select(User).options(joinedload(User.posts, innerjoin=True).selectinload(Post.tags), other)",
    ),
    (
        "select(User).options(joinedload(User.posts).selectinload(Post.author))",
        (POSTS, TAGS),
        "select(User).options(joinedload(User.posts).selectinload(Post.author), "
        "joinedload(User.posts).selectinload(Post.tags))",
    ),
    (
        "select(User).options(selectinload(User.posts.and_(x)).load_only(Post.id))",
        (POSTS, TAGS),
        "select(User).options(selectinload(User.posts.and_(x)).load_only(Post.id), "
        "selectinload(User.posts.and_(x)).selectinload(Post.tags))",
    ),
    (
        "select(User).options(Load(User).selectinload(User.posts))",
        (POSTS, TAGS),
        "select(User).options(Load(User).selectinload(User.posts).selectinload(Post.tags))",
    ),
    (
        "select(User).options(\n    selectinload(User.team),  # who\n    selectinload(User.town),  # where\n)",
        (POSTS,),
        "select(User).options(\n    selectinload(User.team),  # who\n    selectinload(User.town),  # where\n"
        "    selectinload(User.posts),\n)",
    ),
    (
        "select(User).options(\n    selectinload(User.team)  # who\n)",
        (POSTS,),
        "select(User).options(\n    selectinload(User.team),  # who\n    selectinload(User.posts)\n)",
    ),
    (
        "select(User).options(\n    selectinload(User.team))",
        (POSTS,),
        "select(User).options(\n    selectinload(User.team),\n    selectinload(User.posts))",
    ),
    (
        "select(User).options(\n    *more,\n)",
        (POSTS,),
        "select(User).options(\n    *more,\n    selectinload(User.posts),\n)",
    ),
    (
        "(\n    select(User)\n    .where(1)  # one\n)",
        (POSTS,),
        "(\n    select(User)\n    .where(1)  # one\n    .options(selectinload(User.posts))\n)",
    ),
    (
        "(\n    select(User)\n    .options(selectinload(User.posts))\n    .where(1)\n)",
        (POSTS, TAGS),
        "(\n    select(User)\n    .options(selectinload(User.posts).selectinload(Post.tags))\n    .where(1)\n)",
    ),
    (
        "select(User) \\\n    .where(1)",
        (POSTS,),
        "select(User) \\\n    .where(1).options(selectinload(User.posts))",
    ),
    ("select(User).options(lazyload(User.posts))", (POSTS,), None),
    ("select(User).options(noload(User.posts))", (POSTS, TAGS), None),
    ("select(User).options(joinedload(User.posts, Post.tags))", (POSTS,), None),
    ("select(User).options(selectinload(User.posts))", (POSTS,), None),
    ("select(User) if x else select(Post)", (POSTS,), None),
    ("select(User)", (POSTS, "app.tags.Tag.names"), None),
]


@pytest.mark.parametrize(("before", "path", "after"), OPTIONS)
def test_add_loader_option(before: str, path: tuple[str, ...], after: str | None) -> None:
    text = f"{HEAD}async def f(query, x, more, other):\n    return {before}\n"
    statement = (
        before.removeprefix("(\n    ").removesuffix("  # one\n)").removesuffix("\n)") if before[0] == "(" else before
    )
    answer = fixed(text, "add_loader_option", (statement,), path)
    assert answer == (None if after is None else (text.replace(before, after), "safe"))


SPELLINGS = [
    # (imports, statement, path, imports after, statement after)
    (
        "from sqlalchemy import orm, select\nfrom .models import Post, User\n",
        "select(User)",
        (POSTS, TAGS),
        None,
        "select(User).options(orm.selectinload(User.posts).selectinload(Post.tags))",
    ),
    (
        "import sqlalchemy as sa\nimport sqlalchemy.orm as so\nfrom app import models\n",
        "sa.select(models.User)",
        (POSTS, TAGS),
        None,
        "sa.select(models.User).options(so.selectinload(models.User.posts).selectinload(models.Post.tags))",
    ),
    (
        "from sqlalchemy.orm import Session, selectinload as load\nfrom app.models import User as Person\n",
        "select(Person)",
        (POSTS,),
        None,
        "select(Person).options(load(Person.posts))",
    ),
    (
        "from sqlalchemy import select\nfrom sqlalchemy.orm import Mapped, relationship\nfrom .models import User\n",
        "select(User)",
        (POSTS, TAGS),
        "from sqlalchemy import select\nfrom sqlalchemy.orm import Mapped, relationship, selectinload\n"
        "from .models import Post, User\n",
        "select(User).options(selectinload(User.posts).selectinload(Post.tags))",
    ),
    (
        "import os\n\nfrom fastapi import APIRouter\nfrom sqlalchemy import select\nfrom starlette import status\n\n"
        "from app.models import User\n",
        "select(User)",
        (POSTS,),
        "import os\n\nfrom fastapi import APIRouter\nfrom sqlalchemy import select\nfrom sqlalchemy.orm import selectinload\n"
        "from starlette import status\n\nfrom app.models import User\n",
        "select(User).options(selectinload(User.posts))",
    ),
]


@pytest.mark.parametrize(("imports", "before", "path", "imports_after", "after"), SPELLINGS)
def test_add_loader_option_writes_names_as_the_file_does(
    imports: str, before: str, path: tuple[str, ...], imports_after: str | None, after: str
) -> None:
    body = "\n\nasync def f():\n    return {}\n"
    answer = fixed(imports + body.format(before), "add_loader_option", (before,), path)
    assert answer == ((imports_after or imports) + body.format(after), "safe")


@pytest.mark.parametrize(
    "imports",
    [
        "from sqlalchemy import select\nfrom app.models import User\n\n\ndef selectinload(x): ...\n",
        "from sqlalchemy import select\nfrom mine import selectinload\nfrom app.models import User\n",
        "from sqlalchemy import select\nfrom app.schemas import Post\nfrom app.models import User\n",
    ],
)
def test_add_loader_option_refuses_where_a_name_means_something_else(imports: str) -> None:
    path = (POSTS, TAGS) if "schemas" in imports else (POSTS,)
    assert (
        fixed(f"{imports}\n\nasync def f():\n    return select(User)\n", "add_loader_option", ("select(User)",), path)
        is None
    )


GETS = [
    ("s.get(User, 1)", "s.get(User, 1, options=[selectinload(User.posts)])"),
    ("s.get(User, 1, options=[a])", "s.get(User, 1, options=[a, selectinload(User.posts)])"),
    (
        "s.get(\n    User,\n    1,\n)",
        "s.get(\n    User,\n    1,\n    options=[selectinload(User.posts)],\n)",
    ),
    ("s.get(User, 1, options=more)", None),
    ("s.get(User, 1, options=[selectinload(User.posts)])", None),
]


@pytest.mark.parametrize(("before", "after"), GETS)
def test_add_loader_option_on_get_is_unsafe(before: str, after: str | None) -> None:
    text = f"{HEAD}async def f(s, a, more):\n    return await {before}\n"
    answer = fixed(text, "add_loader_option", (before,), (POSTS,))
    assert answer == (None if after is None else (text.replace(before, after), "unsafe"))


def test_options_of_one_statement_are_added_one_after_the_other() -> None:
    text = f"{HEAD}async def f():\n    return select(User).where(1)\n"
    paths: list[tuple[str, ...]] = [(POSTS,), (POSTS, TAGS), ("app.models.User.team",)]
    for path in paths:
        source = Source.from_text(PATH, text)
        statement = next(
            source.text[slice(*source.span(n))] for n, x in enumerate(source.nodes) if isinstance(x, cst.Call)
        )
        answer = fixed(text, "add_loader_option", (statement,), path)
        assert answer is not None
        text = answer[0]
    assert text.endswith(
        "select(User).where(1).options(selectinload(User.posts).selectinload(Post.tags), selectinload(User.team))\n"
    )


SCOPED = [
    (
        "from sqlalchemy.orm import scoped_session\n\nS = scoped_session(f)\n",
        ("scoped_session(f)",),
        "from asyncio import current_task\n\nfrom sqlalchemy.ext.asyncio import async_scoped_session\n"
        "from sqlalchemy.orm import scoped_session\n\nS = async_scoped_session(f, scopefunc=current_task)\n",
    ),
    (
        "import asyncio\nfrom sqlalchemy.ext import asyncio as sa\n\nS = orm.scoped_session(\n    f,  # ours\n)\n",
        ("orm.scoped_session(\n    f,  # ours\n)",),
        "import asyncio\nfrom sqlalchemy.ext import asyncio as sa\n\n"
        "S = sa.async_scoped_session(\n    f,  # ours\n    scopefunc=asyncio.current_task,\n)\n",
    ),
    (
        "import asyncio\nimport sqlalchemy.ext.asyncio\n\nS = scoped_session(f, (lambda: 1))\n",
        ("scoped_session(f, (lambda: 1))", "lambda: 1"),
        "import asyncio\nimport sqlalchemy.ext.asyncio\n\n"
        "S = sqlalchemy.ext.asyncio.async_scoped_session(f, asyncio.current_task)\n",
    ),
]


@pytest.mark.parametrize(("before", "sites", "after"), SCOPED)
def test_scope_by_task(before: str, sites: tuple[str, ...], after: str) -> None:
    assert fixed(before, "scope_by_task", sites, safety="suggestion") == (after, "suggestion")
    assert fixed(after, "scope_by_task", ("f",)) is None


def test_put_name_takes_the_place_of_a_lambda() -> None:
    before = "import asyncio\n\nS = async_scoped_session(f, scopefunc=lambda: 1)\n"
    after = before.replace("lambda: 1", "asyncio.current_task")
    assert fixed(before, "put_name", ("lambda: 1",), ("asyncio", "current_task")) == (after, "safe")
