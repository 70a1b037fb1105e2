"""A relationship is read that was not loaded.

Why:
    Reading a relationship that is not loaded makes the ORM emit SQL at that moment. An attribute access cannot
    be awaited, so under asyncio it raises MissingGreenlet. What is read has to be loaded before: by a loader
    option of the statement, by an eager `lazy=` of the mapping, by `refresh` with the attribute's name, or
    through `awaitable_attrs`.

Invalid:
    from sqlalchemy import ForeignKey, select
    from sqlalchemy.ext.asyncio import AsyncSession
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


    async def count_posts(session: AsyncSession) -> int:
        user = (await session.scalars(select(User))).one()
        return len(user.posts)

Valid:
    from sqlalchemy import ForeignKey, select
    from sqlalchemy.ext.asyncio import AsyncSession
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


    async def count_posts(session: AsyncSession) -> int:
        user = (await session.scalars(select(User).options(selectinload(User.posts)))).one()
        return len(user.posts)

Fix:
    Safe where the statement is in sight: `.options(selectinload(...))` is put on it, or an option that is there
    is extended, import included; in a call of a library's repository it is the argument that takes options. Unsafe
    on `session.get`. Else unsafe: `awaitable_attrs` where the class has it, or a `refresh` ahead of the statement.

Limits:
    The finding stands at the read; for a read inside a function that is called with the instance, at that call.
    Nothing is said where the history of the instance is not wholly in sight. A session that is handed in is
    taken to hold none of these rows yet.

See:
    SQLAlchemy error MissingGreenlet, https://sqlalche.me/e/20/xd2s
    SQLAlchemy documentation: Preventing Implicit IO when Using AsyncSession,
    https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html#preventing-implicit-io-when-using-asyncsession
"""

from flake8_async_orm.facts import MADE_HERE, RelationshipRead
from flake8_async_orm.rule import Finding, FixRequest, how_to_load, rule, short_name


def _fixes(fact: RelationshipRead, option: str) -> tuple[FixRequest, ...]:
    found: list[FixRequest] = []
    if fact.statement is not None:
        takes = (f"{fact.option}=",) if fact.option else ()
        words = (*takes, *(f"{model}.{attribute}" for model, attribute in fact.path))
        found.append(FixRequest("add_loader_option", f"Load with `{option}`", "safe", (fact.statement,), words))
    # lazy="raise" holds for these too
    if fact.state == "unloaded" and fact.in_async and fact.read is None:
        if fact.awaitable_attrs:
            found.append(FixRequest("await_attribute", "Read through `awaitable_attrs`", "unsafe", (fact.site,)))
        if fact.session_name and fact.refreshes:
            title = f"Refresh `{fact.attribute}` before"
            words = (fact.session_name, fact.attribute)
            found.append(FixRequest("refresh_before", title, "unsafe", (fact.site,), words))
    return tuple(found)


@rule("AOR501", "lazy-load", since="0.1.0")
def check(fact: RelationshipRead) -> Finding | None:
    if fact.state not in ("unloaded", "raises") or fact.stops:
        # of an eager mapping that stops short AOR510 speaks
        return None
    name = f"{fact.model.rpartition('.')[2]}.{fact.attribute}"
    steps = [f"selectinload({short_name(f'{model}.{attribute}')})" for model, attribute in fact.path]
    option = ".".join(steps) or f"selectinload({name})"
    why = "is not loaded when it is read" if fact.state == "unloaded" else 'is `lazy="raise"` and not loaded'
    related = []
    if fact.origin is not None:
        related.append((fact.origin, f"{fact.origin_text or 'loaded here'} without `{fact.attribute}`"))
    if fact.read is not None and fact.read != fact.site:
        related.append((fact.read, f"`{fact.attribute}` is read here"))
    error = "MissingGreenlet" if fact.state == "unloaded" else "InvalidRequestError"
    made = fact.origin_text == MADE_HERE and fact.refreshes
    otherwise = f'; or load it by `await session.refresh(..., ["{fact.attribute}"])`' if fact.refreshes else ""
    otherwise = "; or set it before the flush" if fact.origin_text == MADE_HERE else otherwise
    return Finding(
        f"`{name}` {why}; {how_to_load(made, option, fact.attribute, fact.session_name, None, fact.option)}",
        fact.site,
        help=f"reading it raises {error}{otherwise}",
        related=tuple(related),
        fixes=_fixes(fact, option),
    )
