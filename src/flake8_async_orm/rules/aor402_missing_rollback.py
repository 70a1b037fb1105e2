"""A session is used again though its flush or commit has failed.

Why:
    A flush that fails leaves the session without a transaction, until it is told to roll back: everything that needs the
    database raises PendingRollbackError, "This Session's transaction has been rolled back due to a previous exception
    during flush". A handler that takes the error and goes on with the session has only moved it.

Invalid:
    from sqlalchemy import select
    from sqlalchemy.exc import IntegrityError
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


    class Base(DeclarativeBase):
        pass


    class Tag(Base):
        __tablename__ = "tags"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(unique=True)


    async def tag(session: AsyncSession, name: str) -> Tag | None:
        session.add(Tag(name=name))
        try:
            await session.commit()
        except IntegrityError:
            print("known already")
        return await session.scalar(select(Tag).where(Tag.name == name))

Valid:
    from sqlalchemy import select
    from sqlalchemy.exc import IntegrityError
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


    class Base(DeclarativeBase):
        pass


    class Tag(Base):
        __tablename__ = "tags"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(unique=True)


    async def tag(session: AsyncSession, name: str) -> Tag | None:
        session.add(Tag(name=name))
        try:
            await session.commit()
        except IntegrityError:
            await session.rollback()
            print("known already")
        return await session.scalar(select(Tag).where(Tag.name == name))

Fix:
    Unsafe: `await session.rollback()` becomes the first statement of the handler. It expires what the session holds.

Limits:
    Only a flush or commit that is written out is taken to fail, here or in a function that is called; that a statement fails
    in the database is not, as not every database minds. Whether a caller uses the session again is not known, so a handler
    that goes back without using it is not reported. Nothing is said where a test mentions the session, or something that
    the `try` statement sets or its handlers touch.

See:
    SQLAlchemy documentation: "This Session's transaction has been rolled back due to a previous exception during flush",
    https://docs.sqlalchemy.org/en/20/faq/sessions.html
"""

from flake8_async_orm.facts import SessionUsedAfterFailure
from flake8_async_orm.rule import Finding, FixRequest, rule


@rule("AOR402", "missing-rollback", since="0.1.0")
def check(fact: SessionUsedAfterFailure) -> Finding | None:
    session = fact.session or "session"
    what = "the session is used" if fact.member else "this call uses the session"
    fixes: tuple[FixRequest, ...] = ()
    if fact.block:
        instead = "make a savepoint of it, `async with session.begin_nested()`"
    elif fact.handler is None:
        instead = f"write `await {session}.rollback()` before it"
    else:
        instead = f"write `await {session}.rollback()` first in the handler"
        if fact.session is not None:
            fixes = (FixRequest("roll_back_first", "Roll back first", "unsafe", (fact.handler,), (fact.session,)),)
    related = [(fact.failed, "this may have failed")]
    if fact.handler is not None:
        related.append((fact.handler, "the error ends here"))
    return Finding(
        f"{what} though its flush or commit may have failed; {instead}",
        fact.site,
        help="after a flush that failed everything but a rollback raises PendingRollbackError",
        related=tuple(related),
        fixes=fixes,
    )
