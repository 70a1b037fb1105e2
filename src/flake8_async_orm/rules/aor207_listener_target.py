"""An event listener is put on an object of the asyncio extension, or is a coroutine function.

Why:
    Events are those of the sync objects inside: `AsyncEngine`, `AsyncSession` and `async_sessionmaker` have none, and
    refuse a listener (NotImplementedError, InvalidRequestError). And a listener is called, not awaited: a coroutine
    function makes a coroutine that nobody awaits, and nothing of it happens.

Invalid:
    from sqlalchemy import event
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine("sqlite+aiosqlite://")


    @event.listens_for(engine, "connect")
    def connected(connection, record):
        print("connected")

Valid:
    from sqlalchemy import event
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine("sqlite+aiosqlite://")


    @event.listens_for(engine.sync_engine, "connect")
    def connected(connection, record):
        print("connected")

Fix:
    Safe: the sync object inside becomes the target: `engine.sync_engine`, `session.sync_session`,
    `AsyncSession.sync_session_class`. Of a factory the class of its sessions, which is unsafe: others may use it too.

Limits:
    The finding stands at the target, and at the listener where that is the mistake (at the decorator's call). A
    listener that is decorated by something else is not judged.

See:
    SQLAlchemy documentation: Asynchronous I/O (asyncio), Using events with the asyncio extension,
    https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html#using-events-with-the-asyncio-extension
"""

from flake8_async_orm.facts import ListenerAdded
from flake8_async_orm.rule import Finding, FixRequest, Safety, rule

#: target, and whether it is the class -> the attribute that is a target for events
_INSIDE: dict[tuple[str, bool], str] = {
    ("AsyncEngine", False): "sync_engine",
    ("AsyncConnection", False): "sync_connection",
    ("AsyncSession", False): "sync_session",
    ("AsyncSession", True): "sync_session_class",
    ("async_sessionmaker", False): "class_.sync_session_class",
    ("sessionmaker", False): "class_.sync_session_class",
}


@rule("AOR207", "listener-target", since="0.1.0")
def check(fact: ListenerAdded) -> Finding | None:
    inside = _INSIDE.get((fact.target, fact.is_class), "")
    if fact.target == "sessionmaker" and fact.of != "AsyncSession":
        inside = ""
    if inside:
        factory = "sessionmaker" in fact.target
        safety: Safety = "unsafe" if factory else "safe"
        return Finding(
            f"`{fact.target}` has no events; write `.{inside}` behind it",
            fact.site,
            help="events are those of the sync object inside",
            fixes=(FixRequest("read_attribute", f"Listen on `.{inside}`", safety, (fact.site,), (f".{inside}",)),),
        )
    if fact.is_async and fact.listener is not None:
        return Finding(
            "a listener is called and not awaited; write it with `def`",
            fact.listener,
            help="for work that has to be awaited, let the listener hand on what is needed",
        )
    return None
