"""A serialiser reads attributes of an instance that are not loaded.

Why:
    pydantic, FastAPI's response models, marshmallow and msgspec read the attribute of every field of their schema, whether
    it has a default or not. A relationship that is not loaded, or a column that a commit has expired, makes the
    ORM emit SQL at that moment, which raises MissingGreenlet under asyncio. pydantic wraps it: what one sees is a
    ValidationError, or FastAPI's ResponseValidationError and a status of 500.
    The `repr` of a mapped dataclass (and with it `str`, `print` and an f-string), its `==` and `dataclasses.asdict` read
    the fields in the same way, but for those with `repr=False` and `compare=False`. A Jinja template is rendered by
    plain functions, so that what it reads cannot be awaited either.
    What looks only at what is loaded says nothing at all: of an instance that a commit has expired, a route without a
    response model, FastAPI's `jsonable_encoder` and the `model_dump()` of SQLModel's tables make `{}`.

Invalid:
    from pydantic import BaseModel, ConfigDict
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


    class PostRead(BaseModel):
        model_config = ConfigDict(from_attributes=True)
        id: int


    class UserRead(BaseModel):
        model_config = ConfigDict(from_attributes=True)
        id: int
        posts: list[PostRead]


    async def read_user(session: AsyncSession) -> UserRead:
        user = (await session.scalars(select(User))).one()
        return UserRead.model_validate(user)

Valid:
    from pydantic import BaseModel, ConfigDict
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


    class PostRead(BaseModel):
        model_config = ConfigDict(from_attributes=True)
        id: int


    class UserRead(BaseModel):
        model_config = ConfigDict(from_attributes=True)
        id: int
        posts: list[PostRead]


    async def read_user(session: AsyncSession) -> UserRead:
        user = (await session.scalars(select(User).options(selectinload(User.posts)))).one()
        return UserRead.model_validate(user)

Fix:
    Safe where the statement is in sight: the loader option is put on it, import included. Unsafe for an expired
    instance that has a name, as its session has: it is refreshed before.

Limits:
    The finding stands where the instance is handed over: at the call, or at what a route returns. One finding
    names one attribute; the next comes up when it is loaded. Schemas that put something else in the place of the
    instance (validators before validation, an own `__init__`) are not judged, nor are aliases that are made by a
    function. The `==` of a mapped dataclass ends at the first field that differs since Python 3.13: of two instances
    that are surely two, its first field is judged. Templates are read where jinja2 is installed beside the linter and
    the file is found in the project; what a template shows only on a condition that is not known is not judged.

See:
    SQLAlchemy error MissingGreenlet, https://sqlalche.me/e/20/xd2s
    pydantic documentation: Arbitrary class instances,
    https://docs.pydantic.dev/latest/concepts/models/#arbitrary-class-instances
    FastAPI documentation: Response Model, https://fastapi.tiangolo.com/tutorial/response-model/
"""

from flake8_async_orm.facts import MADE_HERE, AttributeSerialized
from flake8_async_orm.knowledge import serializers
from flake8_async_orm.rule import Finding, FixRequest, how_to_load, rule, short_name

_STATES = {
    "unloaded": "is not loaded",
    "raises": 'is `lazy="raise"` and not loaded',
    "expired": "is expired",
    "generated": "was not fetched",
    "detached": "is not loaded, and the session is gone",
}
_HELP = (
    "the serialiser reads every field of the schema, those with a default too; what it cannot read is a "
    "ValidationError, in FastAPI a response of status 500"
)
_HELP_FOR_DUMPS = "it writes out only what is loaded, without an error: the answer is `{}`"
_HELP_FOR_TEMPLATES = "a template is rendered by plain functions: nothing that it reads can be awaited"


@rule("AOR506", "implicit-io-in-serialization", since="0.1.0")
def check(fact: AttributeSerialized) -> Finding | None:
    name = short_name(f"{fact.model}.{fact.attribute}")
    dumped = fact.schema in serializers.LOADED_ONLY.values()
    related = []
    if fact.origin is not None:
        related.append((fact.origin, fact.origin_text or "loaded here"))
    if fact.changed is not None:
        related.append((fact.changed, f"expired by this {fact.changed_by}"))
    if fact.read is not None and fact.read != fact.site:
        related.append((fact.read, f"`{fact.schema}` {'writes' if dumped else 'reads'} it"))
    relationship = fact.kind == "relationship" and fact.state != "expired"
    made = fact.origin_text == MADE_HERE
    if relationship:
        option = ".".join(f"selectinload({short_name(f'{model}.{attribute}')})" for model, attribute in fact.path)
        mend = how_to_load(made, option, fact.attribute, fact.session_name, fact.instance, fact.option)
    elif fact.kind != "relationship" and fact.state == "unloaded":
        mend = how_to_load(made, f"undefer({name})", fact.attribute, fact.session_name, fact.instance)
    else:
        mend = f"write `await {fact.session_name or 'session'}.refresh({fact.instance or '...'})` before"
    fixes: tuple[FixRequest, ...] = ()
    if relationship and fact.statement is not None:
        takes = (f"{fact.option}=",) if fact.option else ()
        words: tuple[str, ...] = (*takes, *(f"{model}.{attribute}" for model, attribute in fact.path))
        fixes = (FixRequest("add_loader_option", f"Load with `{option}`", "safe", (fact.statement,), words),)
    elif fact.state == "expired" and fact.session_name is not None and fact.in_async:
        words = (fact.session_name, fact.attribute) if fact.kind == "relationship" else (fact.session_name,)
        fixes = (FixRequest("refresh_before", "Refresh the instance before", "unsafe", (fact.site,), words),)
    what = f"reads `{name}`, which {_STATES.get(fact.state, 'is not loaded')}"
    if dumped:
        what = f"writes nothing of this `{short_name(fact.model)}`, which is expired"
    return Finding(
        f"`{fact.schema}` {what}; {mend}",
        fact.site,
        help=_HELP_FOR_DUMPS if dumped else _HELP_FOR_TEMPLATES if ":" in fact.schema else _HELP,
        related=tuple(related),
        fixes=fixes,
    )
