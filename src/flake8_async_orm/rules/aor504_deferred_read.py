"""A column is read that the query left out.

Why:
    A column that is mapped as deferred, or that `load_only` or `defer` left out, is loaded when it is first read. An
    attribute access cannot be awaited, so under asyncio it raises MissingGreenlet.

Invalid:
    from sqlalchemy import Text, select
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


    class Base(DeclarativeBase):
        pass


    class User(Base):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)
        letter: Mapped[str] = mapped_column(Text, deferred=True)


    async def letter(session: AsyncSession) -> str:
        user = (await session.scalars(select(User))).one()
        return user.letter

Valid:
    from sqlalchemy import Text, select
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, undefer


    class Base(DeclarativeBase):
        pass


    class User(Base):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)
        letter: Mapped[str] = mapped_column(Text, deferred=True)


    async def letter(session: AsyncSession) -> str:
        user = (await session.scalars(select(User).options(undefer(User.letter)))).one()
        return user.letter

Fix:
    Unsafe: `.options(undefer(...))` is put on the statement where that is in sight; else `await session.refresh(...)` with
    the column's name ahead of the statement that reads.

Limits:
    The finding stands at the read; for a read inside a function that is called with the instance, at that call.
    A session that is handed in is taken to hold none of these rows yet.

See:
    SQLAlchemy documentation: Limiting which Columns Load with Column Deferral,
    https://docs.sqlalchemy.org/en/20/orm/queryguide/columns.html
"""

from flake8_async_orm.facts import MADE_HERE, UnloadedColumnRead
from flake8_async_orm.rule import Finding, FixRequest, how_to_load, rule, short_name


def _fixes(fact: UnloadedColumnRead, name: str) -> tuple[FixRequest, ...]:
    found: list[FixRequest] = []
    if fact.statement is not None and len(fact.path) == 1:
        words = ("undefer", f"{fact.model}.{fact.attribute}")
        found.append(
            FixRequest("add_loader_option", f"Load with `undefer({name})`", "unsafe", (fact.statement,), words)
        )
    if fact.session_name is not None and fact.in_async and fact.state == "unloaded":
        words = (fact.session_name, fact.attribute)
        found.append(FixRequest("refresh_before", "Load the column before", "unsafe", (fact.site,), words))
    return tuple(found)


@rule("AOR504", "deferred-read", since="0.1.0")
def check(fact: UnloadedColumnRead) -> Finding | None:
    name = short_name(f"{fact.model}.{fact.attribute}")
    related = []
    if fact.origin is not None:
        related.append((fact.origin, f"{fact.origin_text or 'loaded here'} without `{fact.attribute}`"))
    if fact.read is not None and fact.read != fact.site:
        related.append((fact.read, f"`{fact.attribute}` is read here"))
    made = fact.origin_text == MADE_HERE
    mend = how_to_load(made, f"undefer({name})", fact.attribute, fact.session_name, fact.instance)
    error = "InvalidRequestError" if fact.state == "raises" else "MissingGreenlet"
    return Finding(
        f"`{name}` is a column that was not loaded with the row; {mend}",
        fact.site,
        help=f"reading it raises {error}; or leave it in `load_only`, or load it by `refresh` with its name",
        related=tuple(related),
        fixes=_fixes(fact, name),
    )
