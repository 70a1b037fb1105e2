"""A session is used where it may not have been bound.

Why:
    If opening the session (or a connection, a transaction, an engine) fails, the assignment inside the `try` never
    happens. The `except` or `finally` that wants to roll back or close then raises UnboundLocalError, which
    hides the first error. With `session = None` ahead and no test it is AttributeError on None.

Invalid:
    from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker


    async def save(factory: async_sessionmaker[AsyncSession], user: object) -> None:
        try:
            session = factory()
            session.add(user)
            await session.commit()
        finally:
            await session.close()

Valid:
    from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker


    async def save(factory: async_sessionmaker[AsyncSession], user: object) -> None:
        session = None
        try:
            session = factory()
            session.add(user)
            await session.commit()
        finally:
            if session is not None:
                await session.close()

Fix:
    Safe: `session = None` before the `try`, and `if session is not None:` around the statement that uses it.
    None where that statement is more than an expression. `async with factory() as session:` is better still,
    where it fits.

Limits:
    The finding stands at the read. Every call inside the `try` ahead of the binding may fail, the binding's own
    included. Silent where another path binds the name, and where a test of another name tells whether it is
    bound.

See:
    SQLAlchemy documentation: Session Basics, When do I construct a Session, when do I commit it, when do I close it?
    https://docs.sqlalchemy.org/en/20/orm/session_basics.html#session-faq-whentocreate
"""

from flake8_async_orm.facts import NameReadUnbound
from flake8_async_orm.rule import Finding, FixRequest, rule

_PLACES = {"except": "in this `except`", "finally": "in this `finally`", "after": "after the `try`"}


@rule("AOR401", "unbound-session", since="0.1.0")
def check(fact: NameReadUnbound) -> Finding | None:
    name = fact.name
    place = _PLACES.get(fact.where, "here")
    if fact.none_before:
        message = f"`{name}` may still be None {place}; write `if {name} is not None:` before using it"
        help_line = "opening it may have failed: then this raises AttributeError and hides the first error"
    else:
        message = f"`{name}` may be unbound {place}; write `{name} = None` before the `try` and test it here"
        help_line = "opening it may have failed: then this raises UnboundLocalError and hides the first error"
    title = f"Test `{name}`" if fact.none_before else f"Bind `{name}` before the `try` and test it"
    return Finding(
        message,
        fact.site,
        help=help_line + "; `async with` needs neither",
        related=((fact.bound, "bound here, inside the `try`"),),
        fixes=(
            FixRequest(
                "bind_none_before",
                title,
                "safe",
                (fact.site, None if fact.none_before else fact.try_statement),
                (name,),
            ),
        ),
    )
