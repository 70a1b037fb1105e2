"""Loading is asked for in a form that has no effect, or another one.

Why:
    `expire_on_commit` set on an AsyncSession is an attribute of the wrapper: the session itself goes on as before. Of several
    arguments of one loader function only the last gets its strategy, the way to it stays unloaded. `refresh` wants
    names of attributes: an attribute of the class is none, and gives a KeyError. An eager `lazy=` of a collection of the
    class's own instances (the children of a node) ends where the way comes by the class again, which without
    `join_depth` is at once: nothing is loaded. It is seen where the collection is read. `get` gives a row that the
    session holds as it is, whatever `options` say.

Invalid:
    from sqlalchemy import ForeignKey
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


    async def posts(session: AsyncSession) -> list[Post]:
        user = await session.get_one(User, 1)
        await session.refresh(user, [User.posts])
        return user.posts

Valid:
    from sqlalchemy import ForeignKey
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


    async def posts(session: AsyncSession) -> list[Post]:
        user = await session.get_one(User, 1)
        await session.refresh(user, ["posts"])
        return user.posts

Fix:
    Safe: the attributes that `refresh` is given become their names; `expire_on_commit` is set on `session.sync_session`. For
    a loader of several arguments the message says what to write.

Limits:
    That `get` asks for a row that the function holds is told by its key: a literal, or a parameter that is not assigned
    anew. What the caller's session holds is not known.

See:
    SQLAlchemy documentation: Relationship Loading Techniques,
    https://docs.sqlalchemy.org/en/20/orm/queryguide/relationships.html
"""

from flake8_async_orm.facts import LoadingAsked, RelationshipRead
from flake8_async_orm.rule import Finding, FixRequest, rule, short_name


def _stopped(fact: RelationshipRead) -> Finding:
    """An eager relationship of a class to itself is read, where the mapping has loaded none of it."""
    name = f"{fact.model.rpartition('.')[2]}.{fact.attribute}"
    words = tuple(f"{model}.{attribute}" for model, attribute in fact.path)
    option = ".".join(f"selectinload({short_name(step)})" for step in words)
    load = FixRequest("add_loader_option", f"Load with `{option}`", "unsafe", (fact.statement or fact.site,), words)
    related = [(fact.origin, f"{fact.origin_text or 'loaded here'} without `{fact.attribute}`")] if fact.origin else []
    if fact.read is not None and fact.read != fact.site:
        related.append((fact.read, f"`{fact.attribute}` is read here"))
    return Finding(
        f'`lazy="{fact.stops}"` of `{name}` loads nothing, as it leads to its own class; write `join_depth=1` beside it',
        fact.site,
        help=f"reading it raises MissingGreenlet; or write `.options({option})` on the statement",
        related=tuple(related),
        fixes=(load,) if fact.statement is not None else (),
    )


@rule("AOR510", "ineffective-loading", since="0.1.0")
def check(fact: LoadingAsked | RelationshipRead) -> Finding | None:
    if isinstance(fact, RelationshipRead):
        return _stopped(fact) if fact.stops and fact.state == "unloaded" else None
    match fact.form:
        case "expire-on-commit":
            reach = FixRequest("call_member", "Set it on `sync_session`", "safe", fact.elements, (".sync_session",))
            return Finding(
                "`expire_on_commit` set on an AsyncSession has no effect; write it where the session is made",
                fact.site,
                help="commits expire all the same; or set it on `session.sync_session`",
                fixes=(reach,) if fact.elements else (),
            )
        case "several-arguments":
            *way, last = [short_name(step) for step in fact.named]
            chain = ".".join(f"{fact.strategy}({step})" for step in (*way, last))
            return Finding(
                f"`{fact.strategy}` loads only `{last}`, and not the way to it; write `{chain}`",
                fact.site,
                help=f"reading `{way[0]}` raises MissingGreenlet",
            )
        case "attribute-names":
            names = ", ".join(f'"{name}"' for name in fact.named)
            fix = FixRequest("name_attributes", "Give the names", "safe", (fact.site,))
            return Finding(
                f"`refresh` takes names, not attributes of the class; write `[{names}]`",
                fact.site,
                help="it raises KeyError",
                fixes=(fix,),
            )
        case "options-of-held":
            anew = FixRequest("set_argument", "Load it anew", "unsafe", fact.elements, ("populate_existing", "True"))
            *_, attribute = fact.named[0].split(".")
            return Finding(
                "`options` are ignored where the session holds the row; write `populate_existing=True` beside them",
                fact.site,
                help=f'reading `{short_name(fact.named[0])}` raises MissingGreenlet; or write `await session.refresh(..., ["{attribute}"])`',
                related=((fact.held, "loaded here already"),) if fact.held is not None else (),
                fixes=(anew,),
            )
    return None
