"""An attribute is read that was not loaded while the instance had its session.

Why:
    An instance whose session was closed, whose `async with` block was left, or that was expunged, is detached: what it
    has loaded stays readable, everything else raises DetachedInstanceError. After a commit that expires, or after
    `async with factory.begin()`, that is every attribute, the primary key included.

Invalid:
    from sqlalchemy import ForeignKey, select
    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


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


    async def titles(engine: AsyncEngine) -> int:
        async with AsyncSession(engine) as session:
            user = (await session.scalars(select(User))).one()
        return len(user.posts)

Valid:
    from sqlalchemy import ForeignKey, select
    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, selectinload


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


    async def titles(engine: AsyncEngine) -> int:
        async with AsyncSession(engine) as session:
            user = (await session.scalars(select(User).options(selectinload(User.posts)))).one()
        return len(user.posts)

Fix:
    Safe where the statement is in sight and a relationship was not loaded: `.options(selectinload(...))` is put on it;
    unsafe on `session.get`. Else there is none: read it ahead of the end of the block, or keep it from expiring.

Limits:
    The finding stands at the read; for a read inside a function that is called with the instance, at that call.
    Nothing is said where the history of the instance is not wholly in sight.

See:
    SQLAlchemy error DetachedInstanceError, https://sqlalche.me/e/20/bhk3
"""

from flake8_async_orm.facts import MADE_HERE, DetachedAttributeRead
from flake8_async_orm.rule import Finding, FixRequest, rule, short_name


def _advice(fact: DetachedAttributeRead) -> str:
    """What to write instead."""
    if fact.state == "expired":
        return "make the session with `expire_on_commit=False`" if fact.changed_by == "commit" else "write it before"
    if fact.kind != "relationship":
        name = short_name(f"{fact.model}.{fact.attribute}")
        return "write the read before" if fact.state == "generated" else f"write `.options(undefer({name}))`"
    if fact.origin_text == MADE_HERE:
        return f"set `{fact.attribute}` before the flush"
    steps = [f"selectinload({short_name(f'{model}.{attribute}')})" for model, attribute in fact.path]
    return f"write `.options({'.'.join(steps)})` on the statement"


def _fixes(fact: DetachedAttributeRead) -> tuple[FixRequest, ...]:
    if fact.statement is None or fact.kind != "relationship" or fact.state not in ("unloaded", "raises"):
        return ()
    words = tuple(f"{model}.{attribute}" for model, attribute in fact.path)
    return (FixRequest("add_loader_option", "Load with the statement", "safe", (fact.statement,), words),)


@rule("AOR507", "detached-read", since="0.1.0")
def check(fact: DetachedAttributeRead) -> Finding | None:
    name = f"{fact.model.rpartition('.')[2]}.{fact.attribute}"
    related = []
    if fact.origin is not None:
        related.append((fact.origin, fact.origin_text or "loaded here"))
    if fact.changed is not None:
        related.append((fact.changed, "expired here"))
    if fact.detached is not None:
        related.append((fact.detached, "detached at the end of this"))
    if fact.read is not None and fact.read != fact.site:
        related.append((fact.read, f"`{fact.attribute}` is read here"))
    state = "expired" if fact.state == "expired" else "not loaded"
    return Finding(
        f"`{name}` is read when it is {state} and its session is gone; {_advice(fact)}",
        fact.site,
        help="reading it raises DetachedInstanceError; or read it inside the block of the session",
        related=tuple(related),
        fixes=_fixes(fact),
    )
