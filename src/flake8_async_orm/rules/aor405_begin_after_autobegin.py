"""`begin()` is called on a session that is in a transaction already.

Why:
    A session begins its transaction by itself with its first use: a statement, a `get`, an `add`. `begin()` after that
    raises InvalidRequestError, "A transaction is already begun on this Session"; a connection says the same in its
    own words. It is in place as the first use, or after a commit, rollback or close.

Invalid:
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession


    async def rename(session: AsyncSession) -> None:
        found = await session.scalar(text("select count(*) from names"))
        async with session.begin():
            await session.execute(text("update names set used = :found"), {"found": found})

Valid:
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession


    async def rename(session: AsyncSession) -> None:
        async with session.begin():
            found = await session.scalar(text("select count(*) from names"))
            await session.execute(text("update names set used = :found"), {"found": found})

Fix:
    None: whether the transaction that is there should be ended, or be used, is for the author to say.

Limits:
    The finding stands at the call of `begin()`, or at the call of the function that does so first with the session. Of a
    session that is handed in nothing is known before its first use in the function; a function that asks
    `in_transaction()` is believed to know.

See:
    SQLAlchemy documentation: Session Frequently Asked Questions, autobegin,
    https://docs.sqlalchemy.org/en/20/orm/session_transaction.html#explicit-begin
"""

from flake8_async_orm.facts import TransactionBegunAgain
from flake8_async_orm.rule import Finding, rule


@rule("AOR405", "begin-after-autobegin", since="0.1.0")
def check(fact: TransactionBegunAgain) -> Finding | None:
    what = "connection" if fact.cls.endswith("Connection") else "session"
    call = "`begin()` is called" if fact.inside is None else "this function begins a transaction"
    related = [(fact.since, "this began it")] if fact.since is not None else []
    if fact.inside is not None:
        related.append((fact.inside, "`begin()` is called here"))
    return Finding(
        f"{call} on a {what} that is in a transaction already; make it the first use, or commit before it",
        fact.site,
        help="the first statement, `get` or `add` begins one; `begin_nested()` begins a savepoint inside of it",
        related=tuple(related),
    )
