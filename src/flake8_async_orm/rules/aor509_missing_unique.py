"""A joined eager load of a collection is fetched without `unique()`.

Why:
    Joining a collection repeats each entity once for every member of it. The ORM does not drop the repetitions by
    itself: the result refuses to give its rows until `unique()` has been called, with InvalidRequestError. `first()`
    and `scalar()` take one row and do not refuse.

Invalid:
    from sqlalchemy import ForeignKey, select
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import DeclarativeBase, Mapped, joinedload, mapped_column, relationship


    class Base(DeclarativeBase):
        pass


    class User(Base):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)
        posts: Mapped[list["Post"]] = relationship()


    class Post(Base):
        __tablename__ = "posts"
        id: Mapped[int] = mapped_column(primary_key=True)
        user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))


    async def authors(session: AsyncSession) -> list[User]:
        result = await session.execute(select(User).options(joinedload(User.posts)))
        return list(result.scalars().all())

Valid:
    from sqlalchemy import ForeignKey, select
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import DeclarativeBase, Mapped, joinedload, mapped_column, relationship


    class Base(DeclarativeBase):
        pass


    class User(Base):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)
        posts: Mapped[list["Post"]] = relationship()


    class Post(Base):
        __tablename__ = "posts"
        id: Mapped[int] = mapped_column(primary_key=True)
        user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))


    async def authors(session: AsyncSession) -> list[User]:
        result = await session.execute(select(User).options(joinedload(User.posts)))
        return list(result.scalars().unique().all())

Fix:
    Safe: `.unique()` is put ahead of the call that takes the rows, or behind what is iterated. There is none for
    `fetchmany` and `partitions` of a stream, where `unique()` is refused too: `selectinload` does without.

Limits:
    The finding stands at the call that takes the rows, or at what is iterated. A result whose statement is not in
    sight is not judged, and `lazy="joined"` of the mapping is not where an option of the statement cannot be read.

See:
    SQLAlchemy documentation: Joined Eager Loading,
    https://docs.sqlalchemy.org/en/20/orm/queryguide/relationships.html#joined-eager-loading
"""

from flake8_async_orm.facts import RowsFetched
from flake8_async_orm.rule import Finding, FixRequest, rule

#: with these a stream reads ahead in parts, which `unique()` does not go with
_IN_PARTS = frozenset({"fetchmany", "partitions"})


@rule("AOR509", "missing-unique", since="0.1.0")
def check(fact: RowsFetched) -> Finding | None:
    if fact.unique:
        return None
    name = f"{fact.model.rpartition('.')[2]}.{fact.attribute}"
    how = "by an option of the statement" if fact.by == "option" else 'by `lazy="joined"` of the mapping'
    taking = f"`{fact.member}()`" if fact.member else "an iteration"
    in_parts = fact.cls.startswith("Async") and fact.member in _IN_PARTS
    instead = (
        f"`selectinload({name})`" if in_parts else f"`.unique().{fact.member}()`" if fact.member else "`.unique()`"
    )
    fix = FixRequest("insert_call", "Call `unique()` first", "safe", (fact.receiver,), ("unique",))
    return Finding(
        f"the collection `{name}` is joined to the rows, which {taking} refuses without `unique()`; write {instead}",
        fact.site,
        help=f"it is joined {how}; `selectinload` needs no `unique()`",
        related=((fact.made, f"run here with `{fact.attribute}` joined"),) if fact.made is not None else (),
        fixes=() if in_parts else (fix,),
    )
