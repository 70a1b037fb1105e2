"""Facts about engines, URLs and what is given to the API of the sync side."""

from __future__ import annotations

from flake8_async_orm.facts.base import Fact
from flake8_async_orm.records import record
from flake8_async_orm.values import Site


@record
class UrlGiven(Fact):
    """A database URL was given to `function` (create_async_engine, make_url ...); `site` is the argument.

    `urls`: all that it may be, each as its known pieces with None for what is not known between them. `is_async`: what
    is made is an async engine (None: no engine). `written`: where the text of the one URL begins, if there is but one.
    `default`: something outside the files may give another. `call`: the call. `settled`: the engine stays the kind of engine
    that it is; a sync one may be wrapped where that is not seen.
    """

    function: str
    urls: tuple[tuple[str | None, ...], ...]
    is_async: bool | None
    call: Site
    written: Site | None = None
    default: bool = False
    versions: frozenset[str] = frozenset()
    settled: bool = True


@record
class EngineCreated(Fact):
    """`function` made an engine at `site`. `pool`: the pool class given to it, by last name; `pool_site`: where.

    `options`: the names of the other keyword arguments, with the sites of their values. `urls` as in UrlGiven, empty where
    it is not known or may be another.
    """

    function: str
    is_async: bool
    pool: str = ""
    pool_site: Site | None = None
    options: tuple[tuple[str, Site], ...] = ()
    urls: tuple[tuple[str | None, ...], ...] = ()
    versions: frozenset[str] = frozenset()


@record
class ListenerAdded(Fact):
    """A listener was added by `event.listen` or `event.listens_for`; `site` is the target that was given.

    `target`: the API class of the target, empty where it is none; `of`: of a factory, the class that it makes. `is_class`: the
    class itself was given. `is_async`: the listener is a coroutine function, at `listener`.
    """

    event: str
    target: str
    of: str = ""
    is_class: bool = False
    is_async: bool = False
    listener: Site | None = None


@record
class AsyncObjectGiven(Fact):
    """An object of the asyncio extension, at `site`, was given to something that takes sync ones.

    `cls`: its class. `function`: what was called, as one writes it. `to`: ddl, inspect, reflection, session, factory, pandas, query. `call`:
    the call; `callee`: what is called in it. `named`: the keyword arguments.
    """

    cls: str
    function: str
    to: str
    call: Site
    callee: Site
    in_async: bool
    named: frozenset[str] = frozenset()
    versions: frozenset[str] = frozenset()


@record
class SyncBindGiven(Fact):
    """A sync engine or connection, at `site`, was given to `function`, which binds async sessions to it.

    `cls`: its class. `reached_by`: the attribute by which it was reached from its async one. `made`: the call that made the engine,
    `maker`: what is called there, where that is in the same file; `others`: it has no name, or one that
    the file mentions elsewhere too.
    """

    cls: str
    function: str
    reached_by: str = ""
    made: Site | None = None
    maker: Site | None = None
    others: bool = True


@record
class PlainSqlExecuted(Fact):
    """A string was given to `callee` as a statement; `site` is the string's expression.

    `content` is the text where it is known, None where it was put together. `connection`: the receiver is a connection.
    """

    callee: str
    content: str | None
    connection: bool
