"""A value is read that the database made, and that was not fetched.

Why:
    An UPDATE leaves the values that the database computes with it behind: those of columns with `onupdate=func.now()` or
    `server_onupdate`, of attributes that were set to a SQL expression, of column properties. The next read of one
    emits SQL. An attribute access cannot be awaited, so under asyncio it raises MissingGreenlet, with
    `expire_on_commit=False` just as well. After an INSERT the same goes for server defaults where they are not fetched:
    with `eager_defaults=False`, and before SQLAlchemy 2.0.

Invalid:
    import datetime

    from sqlalchemy import func, select
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


    class Base(DeclarativeBase):
        pass


    class User(Base):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]
        changed: Mapped[datetime.datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


    async def rename(session: AsyncSession) -> datetime.datetime:
        user = (await session.scalars(select(User))).one()
        user.name = "Ada"
        await session.flush()
        return user.changed

Valid:
    import datetime

    from sqlalchemy import func, select
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


    class Base(DeclarativeBase):
        pass


    class User(Base):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]
        changed: Mapped[datetime.datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


    async def rename(session: AsyncSession) -> datetime.datetime:
        user = (await session.scalars(select(User))).one()
        user.name = "Ada"
        await session.flush()
        await session.refresh(user, ["changed"])
        return user.changed

Fix:
    Unsafe: `await session.refresh(...)` with the column's name ahead of the statement that reads. Or, a suggestion, let
    the mapper fetch such values always: `__mapper_args__ = {"eager_defaults": True}`.

Limits:
    An assignment is taken to change the value: where it does not, no UPDATE is emitted and the read succeeds. Databases
    without RETURNING leave server defaults behind after an INSERT too; that is not known here.

See:
    SQLAlchemy documentation: Fetching Server-Generated Defaults,
    https://docs.sqlalchemy.org/en/20/orm/persistence_techniques.html#fetching-server-generated-defaults
"""

from flake8_async_orm.facts import GeneratedValueRead
from flake8_async_orm.rule import Finding, FixRequest, rule


def _fixes(fact: GeneratedValueRead) -> tuple[FixRequest, ...]:
    found: list[FixRequest] = []
    if fact.session_name is not None and fact.in_async:
        words = (fact.session_name, fact.attribute)
        found.append(FixRequest("refresh_before", "Fetch the value before", "unsafe", (fact.site,), words))
    if fact.mapping is not None and fact.changed_by == "flush":
        words = ("__mapper_args__", '{"eager_defaults": True}')
        found.append(FixRequest("set_in_class", "Set `eager_defaults`", "suggestion", (fact.mapping,), words))
    return tuple(found)


@rule("AOR503", "generated-value-read", since="0.1.0")
def check(fact: GeneratedValueRead) -> Finding | None:
    name = f"{fact.model.rpartition('.')[2]}.{fact.attribute}"
    call = f'await {fact.session_name or "session"}.refresh({fact.instance or "..."}, ["{fact.attribute}"])'
    related = []
    if fact.origin is not None:
        related.append((fact.origin, fact.origin_text or "loaded here"))
    if fact.changed is not None:
        related.append((fact.changed, "the database makes a new value here"))
    if fact.read is not None and fact.read != fact.site:
        related.append((fact.read, f"`{fact.attribute}` is read here"))
    return Finding(
        f"`{name}` was made by the database and not fetched; write `{call}` before",
        fact.site,
        help="reading it raises MissingGreenlet; or set `eager_defaults` in `__mapper_args__`",
        related=tuple(related),
        fixes=_fixes(fact),
    )
