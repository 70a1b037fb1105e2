"""A dynamic relationship is run as a query under asyncio.

Why:
    A `lazy="dynamic"` relationship is a query of the sync API: iterating over it, or `all()`, `count()`, `first()` on it, emits
    SQL at that moment. None of this can be awaited, so under asyncio it raises MissingGreenlet. `append`,
    `filter` and `statement` emit nothing.

Invalid:
    from sqlalchemy import ForeignKey
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import DeclarativeBase, DynamicMapped, Mapped, mapped_column, relationship


    class Base(DeclarativeBase):
        pass


    class User(Base):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)
        posts: DynamicMapped["Post"] = relationship()


    class Post(Base):
        __tablename__ = "posts"
        id: Mapped[int] = mapped_column(primary_key=True)
        user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))


    async def posts(session: AsyncSession) -> list[Post]:
        user = await session.get_one(User, 1)
        return user.posts.all()

Valid:
    from sqlalchemy import ForeignKey
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import DeclarativeBase, Mapped, WriteOnlyMapped, mapped_column, relationship


    class Base(DeclarativeBase):
        pass


    class User(Base):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)
        posts: WriteOnlyMapped["Post"] = relationship()


    class Post(Base):
        __tablename__ = "posts"
        id: Mapped[int] = mapped_column(primary_key=True)
        user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))


    async def posts(session: AsyncSession) -> list[Post]:
        user = await session.get_one(User, 1)
        return list(await session.scalars(user.posts.select()))

Fix:
    None: a write-only mapping is a suggestion, and what reads the relationship has to follow by hand.

Limits:
    Nothing is said of an instance that is handed in: it may be in no session.

See:
    SQLAlchemy documentation: Write Only Relationships,
    https://docs.sqlalchemy.org/en/20/orm/large_collections.html
"""

from flake8_async_orm.facts import DynamicRelationshipQueried
from flake8_async_orm.rule import Finding, FixRequest, rule


@rule("AOR508", "dynamic-relationship", since="0.1.0")
def check(fact: DynamicRelationshipQueried) -> Finding | None:
    name = f"{fact.model.rpartition('.')[2]}.{fact.attribute}"
    done = f"`{fact.how}()` runs" if fact.how else "iterating over it runs"
    related = ((fact.origin, "loaded here"),) if fact.origin is not None else ()
    mapping = (fact.mapping,) if fact.mapping is not None else ()
    return Finding(
        f"{done} the query of the dynamic relationship `{name}`; write `await session.scalars(....statement)`",
        fact.site,
        help='it raises MissingGreenlet; or map it with `lazy="write_only"` and execute its `select()`',
        related=related,
        fixes=tuple(FixRequest("map_write_only", f"Map `{name}` as write-only", "suggestion", (site,)) for site in mapping),
    )
