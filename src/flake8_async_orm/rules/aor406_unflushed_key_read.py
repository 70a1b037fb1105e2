"""The generated key of an instance is read before it was flushed.

Why:
    `add` only puts an instance aside. Its key is generated with the INSERT, which the next flush or commit sends; until
    then it is None, and so are the values of columns that the database fills in. Nothing is raised where it is read: the
    row that should point to it is written without a key, or the answer says `null`.

Invalid:
    from sqlalchemy import ForeignKey
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


    class Base(DeclarativeBase):
        pass


    class User(Base):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]


    class Account(Base):
        __tablename__ = "accounts"
        id: Mapped[int] = mapped_column(primary_key=True)
        user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))


    async def register(session: AsyncSession, name: str) -> None:
        user = User(name=name)
        session.add(user)
        session.add(Account(user_id=user.id))
        await session.commit()

Valid:
    from sqlalchemy import ForeignKey
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


    class Base(DeclarativeBase):
        pass


    class User(Base):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]


    class Account(Base):
        __tablename__ = "accounts"
        id: Mapped[int] = mapped_column(primary_key=True)
        user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))


    async def register(session: AsyncSession, name: str) -> None:
        user = User(name=name)
        session.add(user)
        await session.flush()
        session.add(Account(user_id=user.id))
        await session.commit()

Fix:
    Unsafe: `await session.flush()` ahead of the statement that reads. Where the instance is added only after it was read,
    that has to come first, by hand.

Limits:
    Only of an instance that is made in sight, with all bases of its class. Whatever is awaited after it was made is taken to
    flush it. A test whether there is a value is not reported, nor are keys that a constructor, a listener or a
    `default_factory` sets.

See:
    SQLAlchemy documentation: Flushing, https://docs.sqlalchemy.org/en/20/orm/session_basics.html#flushing
"""

from flake8_async_orm.facts import UnflushedValueRead
from flake8_async_orm.rule import Finding, FixRequest, rule


@rule("AOR406", "unflushed-key-read", since="0.1.0")
def check(fact: UnflushedValueRead) -> Finding | None:
    name = f"{fact.model.rpartition('.')[2]}.{fact.attribute}"
    flush = f"`await {fact.session or 'session'}.flush()`"
    fixes: tuple[FixRequest, ...] = ()
    if not fact.added:
        instead = f"make `add` and {flush} come first"
    else:
        instead = f"write {flush} before"
        if fact.session is not None and fact.in_async:
            fixes = (FixRequest("flush_before", "Flush before", "unsafe", (fact.site,), (fact.session,)),)
    what = "the key" if fact.key else "the value"
    return Finding(
        f"`{name}` is None until the instance is flushed; {instead}",
        fact.site,
        help=f"{what} is made with the INSERT, which the next flush or commit sends",
        related=((fact.made, "made here"),) if fact.made is not None else (),
        fixes=fixes,
    )
