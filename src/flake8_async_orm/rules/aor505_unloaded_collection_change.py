"""A collection is changed that was not loaded.

Why:
    To append to a collection, to remove from it or to replace it, the ORM loads it first. That happens in the middle of an
    attribute access or assignment, which cannot be awaited, so under asyncio it raises MissingGreenlet. The side that
    has the foreign key can be assigned without loading anything: `Post(user=user)`, `post.user = user`.

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


    async def publish(session: AsyncSession, post: Post) -> None:
        user = (await session.scalars(select(User))).one()
        user.posts.append(post)

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


    async def publish(session: AsyncSession, post: Post) -> None:
        user = (await session.scalars(select(User).options(selectinload(User.posts)))).one()
        user.posts.append(post)

Fix:
    Unsafe: the collection is loaded, with the statement where that is in sight, else by a `refresh` with its name. It may be
    large: then set the other side, or map it as `write_only`.

Limits:
    The finding stands at the change; for one inside a function that is called with the instance, at that call.
    A session that is handed in is taken to hold none of these rows yet.

See:
    SQLAlchemy documentation: Write Only Relationships,
    https://docs.sqlalchemy.org/en/20/orm/large_collections.html
"""

from flake8_async_orm.facts import MADE_HERE, CollectionChanged
from flake8_async_orm.rule import Finding, FixRequest, how_to_load, rule, short_name


def _fixes(fact: CollectionChanged) -> tuple[FixRequest, ...]:
    found: list[FixRequest] = []
    if fact.statement is not None:
        words = tuple(f"{model}.{attribute}" for model, attribute in fact.path)
        found.append(FixRequest("add_loader_option", "Load with the statement", "unsafe", (fact.statement,), words))
    if fact.session_name is not None and fact.in_async and fact.state == "unloaded":
        words = (fact.session_name, fact.attribute)
        found.append(FixRequest("refresh_before", "Load the collection before", "unsafe", (fact.site,), words))
    return tuple(found)


@rule("AOR505", "unloaded-collection-change", since="0.1.0")
def check(fact: CollectionChanged) -> Finding | None:
    name = f"{fact.model.rpartition('.')[2]}.{fact.attribute}"
    done = "replaced" if fact.how == "=" else "changed"
    steps = [f"selectinload({short_name(f'{model}.{attribute}')})" for model, attribute in fact.path]
    related = []
    if fact.origin is not None:
        related.append((fact.origin, f"{fact.origin_text or 'loaded here'} without `{fact.attribute}`"))
    if fact.read is not None and fact.read != fact.site:
        related.append((fact.read, f"`{fact.attribute}` is {done} here"))
    made, option = fact.origin_text == MADE_HERE, ".".join(steps)
    error = "InvalidRequestError" if fact.state == "raises" else "MissingGreenlet"
    return Finding(
        f"`{name}` is {done} and was not loaded; {how_to_load(made, option, fact.attribute, fact.session_name)}",
        fact.site,
        help=f"it is loaded to be {done}, which raises {error}; or set the other side of the relationship",
        related=tuple(related),
        fixes=_fixes(fact),
    )
