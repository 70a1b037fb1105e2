"""A registry of sessions gives several tasks the same session.

Why:
    A scoped session keeps one session for each value of its scope function. All tasks of an event loop run in one
    thread, so what tells threads apart, or nothing at all, gives them one session: one task commits and closes what
    another is in the middle of. A sync `scoped_session` goes by the thread, and its `remove()` never awaits the
    `close()` of an async session.

Invalid:
    from sqlalchemy.ext.asyncio import async_scoped_session, async_sessionmaker, create_async_engine

    engine = create_async_engine("sqlite+aiosqlite:///app.db")
    Session = async_scoped_session(async_sessionmaker(engine), scopefunc=lambda: "app")

Valid:
    from asyncio import current_task

    from sqlalchemy.ext.asyncio import async_scoped_session, async_sessionmaker, create_async_engine

    engine = create_async_engine("sqlite+aiosqlite:///app.db")
    Session = async_scoped_session(async_sessionmaker(engine), scopefunc=current_task)

Fix:
    Suggestion: `asyncio.current_task` as the scope function; `async_scoped_session` in the place of `scoped_session`;
    imports included. Each task must then await `remove()` when it is done.

Limits:
    The finding stands at the scope function, or at the call of the registry where there is none to speak of. A scope function is judged where it
    is known by name, or does nothing but return a constant or what such a function gives. Of a `scoped_session` with
    another scope function nothing is said, nor of what tests make: they run one after the other.

See:
    SQLAlchemy documentation: Using asyncio scoped session,
    https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html#using-asyncio-scoped-session
"""

from flake8_async_orm.facts import SessionRegistryMade
from flake8_async_orm.rule import Finding, FixRequest, rule

_ASYNC = frozenset({"AsyncSession", "sqlmodel.AsyncSession"})
_WHO = {
    "constant": "`scopefunc` gives the same to all tasks",
    "process": "`scopefunc` gives the same to all tasks of the process",
    "thread": "`scopefunc` gives the same to all tasks of a thread",
    "loop": "`scopefunc` gives the same to all tasks of a loop",
}
_HELP = "one session is one transaction on one connection; await `remove()` at the end of each task"


@rule("AOR307", "scoped-session-scope", since="0.1.0")
def check(fact: SessionRegistryMade) -> Finding | None:
    if fact.cls == "async_scoped_session" and fact.given is None:
        added = ("asyncio", "current_task", "scopefunc")
        return Finding(
            "`async_scoped_session` cannot do without a `scopefunc`; write `scopefunc=asyncio.current_task`",
            fact.site,
            help="TypeError: nothing else tells it whose session is asked for",
            fixes=(FixRequest("put_name", "Take `asyncio.current_task`", "suggestion", (fact.site,), added),),
        )
    if fact.scope not in _WHO:
        return None
    if fact.cls == "async_scoped_session" and fact.given is not None:
        words = ("asyncio", "current_task")
        return Finding(
            f"{_WHO[fact.scope]}, which share one session; write `asyncio.current_task`",
            fact.given,
            help=_HELP,
            fixes=(FixRequest("put_name", "Take `asyncio.current_task`", "suggestion", (fact.given,), words),),
        )
    if fact.cls != "scoped_session" or fact.session not in _ASYNC:
        return None
    sites = (fact.site,) if fact.given is None else (fact.site, fact.given)
    return Finding(
        "`scoped_session` gives all tasks one async session, and never closes it; "
        "write `async_scoped_session(..., asyncio.current_task)`",
        fact.site,
        help=_HELP,
        fixes=(FixRequest("scope_by_task", "Take `async_scoped_session`", "suggestion", sites),),
    )
