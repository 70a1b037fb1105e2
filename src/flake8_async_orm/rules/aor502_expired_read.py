"""An attribute is read that has expired.

Why:
    A commit expires every instance that the session holds, unless `expire_on_commit=False` was given; a rollback
    and `expire` do so always. The next read of any attribute, of the primary key even, emits SQL to load the row
    again. An attribute access cannot be awaited, so under asyncio it raises MissingGreenlet.

Invalid:
    from sqlalchemy import select
    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


    class Base(DeclarativeBase):
        pass


    class User(Base):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]


    async def rename(engine: AsyncEngine) -> str:
        async with AsyncSession(engine) as session:
            user = (await session.scalars(select(User))).one()
            user.name = "Ada"
            await session.commit()
            return user.name

Valid:
    from sqlalchemy import select
    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


    class Base(DeclarativeBase):
        pass


    class User(Base):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]


    async def rename(engine: AsyncEngine) -> str:
        async with AsyncSession(engine) as session:
            user = (await session.scalars(select(User))).one()
            user.name = "Ada"
            await session.commit()
            await session.refresh(user)
            return user.name

Fix:
    Unsafe: `await session.refresh(...)` ahead of the statement that reads. Often better is a factory with
    `expire_on_commit=False` (a suggestion, where the factory is in sight), or to copy what is needed before the commit.

Limits:
    For a session that is handed in and that no caller in sight made, the setting `expire-on-commit` holds, else what
    all factories of the project outside its tests agree on; where they do not, nothing is said. One read of each
    instance is reported, for control does not get past it.

See:
    SQLAlchemy documentation: Preventing Implicit IO when Using AsyncSession,
    https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html#preventing-implicit-io-when-using-asyncsession
"""

from flake8_async_orm.facts import ExpiredAttributeRead
from flake8_async_orm.rule import Finding, FixRequest, rule

_BY = {
    "commit": "the commit that expired it",
    "rollback": "the rollback that expired it",
    "expire": "it was expired",
}
_TRAIL = {
    "commit": "this commit expires it",
    "rollback": "this rollback expires it, whatever `expire_on_commit` says",
    "expire": "expired here",
}


def _fixes(fact: ExpiredAttributeRead) -> tuple[FixRequest, ...]:
    found: list[FixRequest] = []
    if fact.session_name is not None and fact.in_async:
        named = (fact.attribute,) if fact.kind == "relationship" else ()
        words = (fact.session_name, *named)
        found.append(FixRequest("refresh_before", "Refresh the instance before", "unsafe", (fact.site,), words))
    if fact.factory is not None:
        words = ("expire_on_commit", "False")
        found.append(FixRequest("set_argument", "Set `expire_on_commit=False`", "suggestion", (fact.factory,), words))
    return tuple(found)


@rule("AOR502", "expired-read", since="0.1.0")
def check(fact: ExpiredAttributeRead) -> Finding | None:
    name = f"{fact.model.rpartition('.')[2]}.{fact.attribute}"
    instance, session = fact.instance or "...", fact.session_name or "session"
    named = f', ["{fact.attribute}"]' if fact.kind == "relationship" else ""
    related = []
    if fact.origin is not None:
        related.append((fact.origin, fact.origin_text or "loaded here"))
    if fact.changed is not None:
        related.append((fact.changed, _TRAIL.get(fact.changed_by, "this expires it")))
    if fact.read is not None and fact.read != fact.site:
        related.append((fact.read, f"`{fact.attribute}` is read here"))
    tip = "; or make the session with `expire_on_commit=False`" if fact.changed_by == "commit" else ""
    return Finding(
        f"`{name}` is read after {_BY.get(fact.changed_by, 'it has expired')}; "
        f"write `await {session}.refresh({instance}{named})` before",
        fact.site,
        help=f"reading it raises MissingGreenlet{tip}",
        related=tuple(related),
        fixes=_fixes(fact),
    )
