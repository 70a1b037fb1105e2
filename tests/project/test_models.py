"""How classes are mapped."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping

import pytest

from flake8_async_orm.project import Project
from flake8_async_orm.project.definitions import MappedAttribute, MappedClass

Build = Callable[[Mapping[str, str]], Project]

HEAD = """
from __future__ import annotations
from datetime import datetime
from typing import Annotated, ClassVar, List, Optional, TYPE_CHECKING
import sqlalchemy as sa
from sqlalchemy import Column, Computed, ForeignKey, ForeignKeyConstraint, Identity, Integer, String, func, select, text
from sqlalchemy.ext.associationproxy import association_proxy
from sqlalchemy.ext.asyncio import AsyncAttrs
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (DeclarativeBase, DynamicMapped, Mapped, MappedAsDataclass, WriteOnlyMapped, backref, column_property,
    composite, declarative_base, declared_attr, deferred, foreign, mapped_column, query_expression, registry, relationship, synonym)
class Base(DeclarativeBase): ...
"""


@pytest.fixture
def models(project: Build) -> Callable[..., Project]:
    """The project of one module `app`, of `HEAD` and a text."""

    def models(text: str, **others: str) -> Project:
        files = {"app/__init__.py": HEAD + textwrap.dedent(text)}
        return project(files | {f"app/{name}.py": text for name, text in others.items()})

    return models


def mapped(project: Project, name: str) -> MappedClass:
    found = project.mapped(name)
    assert found is not None, name
    return found


# -- which classes are mapped -----------------------------------------------------------------------------------------

KINDS = {
    "declarative": ("class X(Base):\n    __tablename__ = 'x'\n    id: Mapped[int]", True),
    "by its columns": ("class X(Base):\n    id = Column(Integer, primary_key=True)", True),
    "declarative_base()": ("B = declarative_base()\nclass X(B):\n    __tablename__ = 'x'", True),
    "annotated base": ("B: type = declarative_base()\nclass X(B):\n    __tablename__ = 'x'", True),
    "registry": ("r = registry()\nB = r.generate_base()\nclass X(B):\n    __tablename__ = 'x'", True),
    "registry at once": ("B = registry().generate_base()\nclass X(B):\n    __tablename__ = 'x'", True),
    "decorator": ("r = registry()\n@r.mapped\nclass X:\n    __tablename__ = 'x'", True),
    "dataclass decorator": ("r = registry()\n@r.mapped_as_dataclass\nclass X:\n    __tablename__ = 'x'", True),
    "as_declarative": (
        "from sqlalchemy.orm import as_declarative\n@as_declarative()\nclass B: ...\nclass X(B):\n    __tablename__ = 'x'",
        True,
    ),
    "metaclass": (
        "from sqlalchemy.orm import DeclarativeMeta\nclass B(metaclass=DeclarativeMeta): ...\nclass X(B):\n    __tablename__ = 'x'",
        True,
    ),
    "table name by declared_attr of a base": (
        "class B(Base):\n    __abstract__ = True\n    @declared_attr\n    def __tablename__(cls): return cls.__name__\n"
        "class X(B): ...",
        True,
    ),
    "single table inheritance": ("class P(Base):\n    __tablename__ = 'p'\nclass X(P): ...", True),
    "nested in a function": ("def f():\n    class X(Base):\n        __tablename__ = 'x'", True),
    "advanced-alchemy": ("from advanced_alchemy.base import UUIDAuditBase\nclass X(UUIDAuditBase): ...", True),
    "sqlmodel table": ("from sqlmodel import SQLModel\nclass X(SQLModel, table=True):\n    id: int", True),
    "sqlmodel schema": ("from sqlmodel import SQLModel\nclass X(SQLModel):\n    id: int", False),
    "abstract": ("class X(Base):\n    __abstract__ = True\n    id: Mapped[int]", False),
    "the base itself": ("class X(DeclarativeBase):\n    id: Mapped[int]", False),
    "a mixin": ("class X:\n    id: Mapped[int]", False),
    "a class with the right attributes": ("class X:\n    __tablename__ = 'x'", False),
    "another library's base": ("from ormar import Model\nclass X(Model):\n    __tablename__ = 'x'", False),
    "an alien declarative_base": (
        "from other import declarative_base as d\nB = d()\nclass X(B):\n    __tablename__ = 'x'",
        False,
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_which_classes_are_mapped(kind: str, models: Callable[..., Project]) -> None:
    text, expected = KINDS[kind]
    name = "app.f.<locals>.X" if "def f()" in text else "app.X"
    assert (models(text).mapped(name) is not None) is expected


def test_what_is_no_class_is_not_mapped(models: Callable[..., Project]) -> None:
    project = models("def f(): ...\nx = 1")
    for name in ("app.f", "app.x", "app.nothing", "app", "elsewhere.X", "sqlalchemy.orm.DeclarativeBase"):
        assert project.mapped(name) is None


# -- columns ----------------------------------------------------------------------------------------------------------

COLUMNS = {
    "x: Mapped[int]": {},
    "x: Mapped[Optional[str]] = mapped_column()": {},
    "x = Column(Integer, primary_key=True)": {"primary_key": True},
    "x = sa.Column('name', sa.ForeignKey('y.id'))": {"foreign_key": True, "references": "y.id"},
    "x: Mapped[int] = mapped_column(ForeignKey('y.id', ondelete='CASCADE'))": {
        "foreign_key": True,
        "references": "y.id",
    },
    "x = Column(default=3)": {"default": "python"},
    "x = Column(default=None)": {"default": "none"},
    "x = Column(default=datetime.utcnow)": {"default": "python"},
    "x = Column(default=lambda: 3)": {"default": "python"},
    "x = Column(default=stamp, onupdate=stamp)": {"default": "python", "onupdate": "python"},
    "x = Column(onupdate=func.now())": {"onupdate": "sql"},
    "x = Column(onupdate=sa.func.timezone('utc', sa.func.now()))": {"onupdate": "sql"},
    "x = Column(onupdate=func.now() + 1)": {"onupdate": "sql"},
    "x = Column(onupdate=text('now()'))": {"onupdate": "sql"},
    "x = Column(onupdate=NOW)": {"onupdate": "sql"},
    "x = Column(onupdate=utcnow())": {"onupdate": "sql"},
    "x = Column(onupdate=stamp())": {"onupdate": "unknown"},
    "x = Column(onupdate=datetime.now(3))": {"onupdate": "python"},
    "x = Column(**options)": {"onupdate": "unknown", "default": "unknown", "deferred": None},
    "x = Column(server_default=func.now())": {"server_default": True},
    "x = Column(server_default=None)": {"server_default": False},
    "x = Column(server_onupdate=sa.FetchedValue())": {"server_onupdate": True},
    "x: Mapped[int] = mapped_column(Computed('a + b'))": {"server_default": True, "server_onupdate": True},
    "x: Mapped[int] = mapped_column(Identity())": {"server_default": True},
    "x = deferred(Column(String), group='g')": {"deferred": True, "deferred_group": "g"},
    "x: Mapped[str] = mapped_column(deferred=True)": {"deferred": True},
    "x: Mapped[str] = mapped_column(deferred=flag)": {"deferred": None},
    "x: Mapped[str] = mapped_column(deferred_group='g')": {"deferred": True, "deferred_group": "g"},
    "x: Mapped[int] = mapped_column(init=False, insert_default=func.now())": {"init": False, "default": "sql"},
    "x: Mapped[list] = mapped_column(default_factory=list)": {"default_factory": True, "default": "python"},
    "x: Mapped[stamped]": {"server_default": True, "onupdate": "sql"},
    "x: Mapped[stamped] = mapped_column(onupdate=3)": {"server_default": True, "onupdate": "python"},
    "x: Mapped[Annotated[int, mapped_column(primary_key=True)]]": {"primary_key": True},
    "x = key()": {"primary_key": True, "server_default": True},
    "x = Required(String)": {"server_default": True},
    "@declared_attr\n    def x(cls): return Column(primary_key=True)": {"primary_key": True},
    "@declared_attr.directive\n    def x(cls) -> Mapped[int]:\n        return mapped_column(deferred=True)": {
        "deferred": True
    },
}


@pytest.mark.parametrize("declaration", COLUMNS)
def test_columns(declaration: str, models: Callable[..., Project]) -> None:
    project = models(
        f"""
        from functools import partial
        from sqlalchemy.sql.expression import FunctionElement
        NOW = func.now()
        def stamp(): ...
        class utcnow(FunctionElement): ...
        stamped = Annotated[datetime, mapped_column(server_default=func.now(), onupdate=func.now())]
        def key(name="id"):
            return Column(name, primary_key=True, server_default=text("f()"))
        Required = partial(Column, server_default="")
        class X(Base):
            __tablename__ = "x"
            {declaration.replace(chr(10), chr(10) + "        ")}
        """
    )
    attribute = mapped(project, "app.X").attributes["x"]
    expected = MappedAttribute("x", "column", node=attribute.node, module="app", **COLUMNS[declaration])  # type: ignore[arg-type]
    assert attribute == expected


OTHERS = {
    "x = column_property(select(1), deferred=True)": ("column_property", None),
    "x = composite(Point, 'a', 'b')": ("composite", None),
    "x = synonym('name')": ("synonym", "name"),
    "x = association_proxy('tags', 'name')": ("association_proxy", "tags"),
    "x: Mapped[int] = query_expression()": ("query_expression", None),
    "@hybrid_property\n    def x(self): ...": ("hybrid", None),
    "@hybrid_property\n    def x(self): ...\n    @x.expression\n    def x(cls): ...": ("hybrid", None),
    "x = wrapped_relationship('Y')": ("other", None),
    "x = unknown()": ("other", None),
    "@declared_attr\n    def x(cls):\n        if cls.a: return Column()\n        return None": ("other", None),
}


@pytest.mark.parametrize("declaration", OTHERS)
def test_other_attributes(declaration: str, models: Callable[..., Project]) -> None:
    body = declaration.replace("\n", "\n        ")
    project = models(
        f"""
        def wrapped_relationship(*args): return relationship(*args)
        class X(Base):
            __tablename__ = "x"
            {body}
        """
    )
    attribute = mapped(project, "app.X").attributes["x"]
    assert (attribute.kind, attribute.through) == OTHERS[declaration]


@pytest.mark.parametrize(
    "declaration",
    [
        "x = 3",
        "x: int",
        "x: ClassVar[int] = 3",
        "def x(self): ...",
        "@property\n    def x(self): ...",
        "x = dict(a=1)",
        "metadata = sa.MetaData()",
        "x = sa.Sequence('s')",
    ],
)
def test_what_is_not_mapped(declaration: str, models: Callable[..., Project]) -> None:
    project = models(f"class X(Base):\n    __tablename__ = 'x'\n    {declaration}\n")
    assert mapped(project, "app.X").attributes == {}


# -- relationships ----------------------------------------------------------------------------------------------------

RELATIONSHIPS: dict[str, tuple[str | None, bool | None, str | None]] = {
    "relationship('Y')": ("app.Y", None, "select"),
    "relationship(lambda: Y)": ("app.Y", None, "select"),
    "relationship(Y, uselist=False)": ("app.Y", False, "select"),
    "relationship(argument='Y', uselist=True)": ("app.Y", True, "select"),
    "relationship('app.Y', secondary='xy')": ("app.Y", True, "select"),
    "relationship('Missing')": (None, None, "select"),
    "relationship(TARGET)": ("app.Y", None, "select"),
    "relationship('Y', lazy='joined')": ("app.Y", None, "joined"),
    "relationship('Y', lazy=True)": ("app.Y", None, "select"),
    "relationship('Y', lazy=False)": ("app.Y", None, "joined"),
    "relationship('Y', lazy=None)": ("app.Y", None, "noload"),
    "relationship('Y', lazy=LAZY)": ("app.Y", None, "selectin"),
    "relationship('Y', lazy=choose())": ("app.Y", None, None),
    "relationship('Y', **options)": ("app.Y", None, None),
    "relationship('Y', lazy='raise', **options)": ("app.Y", None, "raise"),
    "relationship('Y', lazy='dynamic')": ("app.Y", True, "dynamic"),
    "relationship('Y', collection_class=set)": ("app.Y", True, "select"),
    "dynamic_loader('Y')": ("app.Y", True, "dynamic"),
    "relationship('X')": ("app.X", True, "select"),
    "relationship('X', remote_side='X.id')": ("app.X", False, "select"),
    "relationship('Y', primaryjoin='foreign(X.a) == Y.b')": ("app.Y", False, "select"),
    "relationship('Y', primaryjoin=lambda: foreign(Y.b) == X.a)": ("app.Y", True, "select"),
    "relationship('Y', foreign_keys='[Y.b]')": ("app.Y", True, "select"),
}
ANNOTATED: dict[str, tuple[str | None, bool | None, str | None]] = {
    "Mapped['Y']": ("app.Y", False, "select"),
    "Mapped[Y]": ("app.Y", False, "select"),
    "Mapped['Y | None']": ("app.Y", False, "select"),
    "Mapped[Y | None]": ("app.Y", False, "select"),
    "Mapped[Optional['Y']]": ("app.Y", False, "select"),
    "Mapped[list['Y']]": ("app.Y", True, "select"),
    "Mapped[List['Y']]": ("app.Y", True, "select"),
    "Mapped['List[Y]']": ("app.Y", True, "select"),
    "'Mapped[set[Y]]'": ("app.Y", True, "select"),
    "Mapped[dict[str, 'Y']]": ("app.Y", True, "select"),
    "WriteOnlyMapped['Y']": ("app.Y", True, "write_only"),
    "DynamicMapped[Y]": ("app.Y", True, "dynamic"),
    "list['Y']": ("app.Y", True, "select"),
}


def relation(project: Project) -> tuple[str | None, bool | None, str | None]:
    attribute = mapped(project, "app.X").attributes["x"]
    assert attribute.kind == "relationship"
    return attribute.target, attribute.uselist, attribute.lazy


TWO = """
from sqlalchemy.orm import dynamic_loader
TARGET = "Y"
LAZY = "selectin"
class X(Base):
    __tablename__ = "x"
    id: Mapped[int]
    x{declaration}
class Y(Base):
    __tablename__ = "y"
"""


@pytest.mark.parametrize("value", RELATIONSHIPS)
def test_relationships_by_their_arguments(value: str, models: Callable[..., Project]) -> None:
    assert relation(models(TWO.format(declaration=f" = {value}"))) == RELATIONSHIPS[value]


@pytest.mark.parametrize("annotation", ANNOTATED)
def test_relationships_by_their_annotations(annotation: str, models: Callable[..., Project]) -> None:
    assert relation(models(TWO.format(declaration=f": {annotation} = relationship()"))) == ANNOTATED[annotation]


def test_what_else_a_relationship_says(models: Callable[..., Project]) -> None:
    value = " = relationship('Y', back_populates='xs', join_depth=2, viewonly=True)"
    attribute = mapped(models(TWO.format(declaration=value)), "app.X").attributes["x"]
    assert (attribute.back_populates, attribute.join_depth, attribute.viewonly) == ("xs", 2, True)


def test_the_side_of_the_foreign_key_tells_how_many(models: Callable[..., Project]) -> None:
    project = models(
        """
        class User(Base):
            __tablename__ = "users"
            posts = relationship("Post")
            profile = relationship("Profile")
        class Post(Base):
            __tablename__ = "posts"
            user_id = Column(ForeignKey("users.id"))
            user = relationship("User")
        class Profile(Base):
            __tablename__ = "profiles"
            __table_args__ = (ForeignKeyConstraint(["a", "b"], ["public.users.a", "public.users.b"]), {})
            user = relationship("User")
        """
    )
    user = mapped(project, "app.User").attributes
    assert user["posts"].uselist is True
    assert user["profile"].uselist is True
    assert mapped(project, "app.Post").attributes["user"].uselist is False
    assert mapped(project, "app.Profile").attributes["user"].uselist is False


def test_a_string_is_looked_up_where_the_registry_has_it(project: Build) -> None:
    built = project(
        {
            "app/__init__.py": "",
            "app/db.py": "from sqlalchemy.orm import *\nfrom sqlalchemy.orm import DeclarativeBase\n"
            "class Base(DeclarativeBase): ...\nclass Other(DeclarativeBase): ...\n",
            "app/users/models.py": """
                from typing import TYPE_CHECKING
                from sqlalchemy.orm import Mapped, relationship
                from app.db import Base
                if TYPE_CHECKING:
                    from app.posts.models import Post as Article
                class User(Base):
                    __tablename__ = "users"
                    posts: Mapped[list["Article"]] = relationship()
                    tags = relationship("Tag", uselist=True)
                    files = relationship("File", uselist=True)
                    twins = relationship("Twin")
                    one_twin = relationship("app.posts.models.Twin")
            """,
            "app/posts/models.py": "from app.db import Base\nclass Post(Base):\n    __tablename__ = 'posts'\n"
            "class Twin(Base):\n    __tablename__ = 'twins'\n",
            "app/tags/models.py": "from app.db import Base, Other\nclass Tag(Base):\n    __tablename__ = 'tags'\n"
            "class File(Other):\n    __tablename__ = 'files'\nclass Twin(Base):\n    __tablename__ = 'twins2'\n",
            "app/tags/schemas.py": "class Tag: ...\n",
        }
    )
    user = mapped(built, "app.users.models.User").attributes
    targets = {name: attribute.target for name, attribute in user.items()}
    assert targets == {
        "posts": "app.posts.models.Post",
        "tags": "app.tags.models.Tag",
        "files": None,
        "twins": None,
        "one_twin": "app.posts.models.Twin",
    }


BACKREFS = """
class User(Base):
    __tablename__ = "users"
class Admin(User): ...
class Post(Base):
    __tablename__ = "posts"
    user_id = Column(ForeignKey("users.id"))
    user = relationship(User, backref="posts")
    tags = relationship("Tag", secondary="post_tags", backref=backref("posts", lazy="selectin"))
    first = relationship("Tag", backref=backref("first_of", uselist=False))
class Tag(Base):
    __tablename__ = "tags"
"""


def test_backrefs_are_attributes_of_the_other_side(models: Callable[..., Project]) -> None:
    project = models(BACKREFS)
    for owner in ("User", "Admin"):
        posts = mapped(project, f"app.{owner}").attributes["posts"]
        assert (posts.kind, posts.target, posts.uselist, posts.lazy) == ("relationship", "app.Post", True, "select")
        assert posts.back_populates == "user"
    tag = mapped(project, "app.Tag").attributes
    assert (tag["posts"].uselist, tag["posts"].lazy) == (True, "selectin")
    assert tag["first_of"].uselist is False
    assert mapped(project, "app.Post").attributes["user"].back_populates == "posts"


def test_backrefs_of_a_neighbour(project: Build) -> None:
    built = project(
        {
            "models/__init__.py": "",
            "models/base.py": "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n",
            "models/user.py": "from .base import Base\nclass User(Base):\n    __tablename__ = 'users'\n",
            "models/post.py": "from sqlalchemy.orm import relationship\nfrom .base import Base\nclass Post(Base):\n"
            "    __tablename__ = 'posts'\n    owner = relationship('User', backref='posts')\n",
        }
    )
    assert mapped(built, "models.user.User").attributes["posts"].target == "models.post.Post"


# -- inheritance ------------------------------------------------------------------------------------------------------


def test_attributes_come_from_mixins_and_bases_and_may_be_taken_away(models: Callable[..., Project]) -> None:
    project = models(
        """
        class Stamped:
            created = Column(server_default=func.now())
            note = Column()
        class Owned:
            @declared_attr
            def owner(cls): return relationship("X", lazy="joined", uselist=False)
        class Made: kind = Column()
        B = declarative_base(cls=Made)
        class Middle(B):
            __abstract__ = True
            id = Column(primary_key=True)
        class X(Stamped, Owned, Middle):
            __tablename__ = "x"
            note = None
            __mapper_args__ = {"eager_defaults": True}
        class Child(X):
            __mapper_args__ = {"polymorphic_identity": "child"}
        """
    )
    x = mapped(project, "app.X")
    assert set(x.attributes) == {"created", "owner", "id", "kind"}
    assert x.attributes["owner"].lazy == "joined"
    assert x.attributes["owner"].target == "app.X"
    assert x.complete
    assert x.table == "x"
    assert x.eager_defaults is True
    assert not x.polymorphic
    child = mapped(project, "app.Child")
    assert child.polymorphic
    assert child.table == "x"
    assert child.bases[0] == "app.X"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{'eager_defaults': False}", False),
        ("{'eager_defaults': 'auto'}", None),
        ("{'eager_defaults': flag}", True),
        ("{**other}", True),
        ("dict(eager_defaults=True)", True),
        ("{}", None),
    ],
)
def test_eager_defaults(written: str, expected: bool | None, models: Callable[..., Project]) -> None:
    project = models(f"class X(Base):\n    __tablename__ = 'x'\n    __mapper_args__ = {written}\n")
    assert mapped(project, "app.X").eager_defaults is expected


def test_what_the_bases_make_of_a_class(models: Callable[..., Project]) -> None:
    project = models(
        """
        from somewhere import Foreign
        class D(MappedAsDataclass, AsyncAttrs, DeclarativeBase): ...
        class X(D): __tablename__ = "x"
        class Y(Foreign, Base): __tablename__ = "y"
        """
    )
    x, y = mapped(project, "app.X"), mapped(project, "app.Y")
    assert (x.dataclass, x.async_attrs, x.complete) == (True, True, True)
    assert (y.dataclass, y.async_attrs, y.complete) == (False, False, False)


def test_the_columns_of_known_frameworks(models: Callable[..., Project]) -> None:
    project = models(
        """
        from advanced_alchemy.base import UUIDAuditBase
        from fastapi_users_db_sqlalchemy import SQLAlchemyBaseUserTableUUID
        class Note(UUIDAuditBase): text: Mapped[str]
        class User(SQLAlchemyBaseUserTableUUID, Base): ...
        """
    )
    note, user = mapped(project, "app.Note"), mapped(project, "app.User")
    assert note.async_attrs
    assert note.complete
    assert note.attributes["updated_at"].onupdate == "python"
    assert {"id", "created_at", "text"} <= set(note.attributes)
    assert {"id", "email", "hashed_password"} <= set(user.attributes)


def test_a_table_that_is_written_out(models: Callable[..., Project]) -> None:
    project = models(
        """
        table = sa.Table("x", Base.metadata, Column("id", primary_key=True), Column("at", onupdate=func.now()))
        class X(Base): __table__ = table
        class Y(Base): __table__ = make_table()
        """
    )
    x, y = mapped(project, "app.X"), mapped(project, "app.Y")
    assert x.complete
    assert x.attributes["id"].primary_key
    assert x.attributes["at"].onupdate == "sql"
    assert not y.complete


def test_imperative_mapping(project: Build) -> None:
    built = project(
        {
            "shop/__init__.py": "",
            "shop/domain.py": "from dataclasses import dataclass\n@dataclass\nclass Order: ...\nclass Line: ...\nclass Free: ...\n",
            "shop/tables.py": """
                from sqlalchemy import Column, ForeignKey, Table
                from sqlalchemy.orm import registry, relationship
                from shop.domain import Line, Order
                mappers = registry()
                orders = Table("orders", mappers.metadata, Column("id", primary_key=True))
                lines = Table("lines", mappers.metadata, Column("order_id", ForeignKey("orders.id")))
                def start():
                    mappers.map_imperatively(Line, lines)
                    mappers.map_imperatively(Order, orders, properties={
                        "lines": relationship(Line, lazy="selectin", uselist=True), "key": orders.c.id})
            """,
        }
    )
    order = mapped(built, "shop.domain.Order").attributes
    assert order["lines"].target == "shop.domain.Line"
    assert order["lines"].lazy == "selectin"
    assert order["id"].primary_key
    assert order["key"].kind == "column"
    assert mapped(built, "shop.domain.Line").attributes["order_id"].references == "orders.id"
    assert built.mapped("shop.domain.Free") is None


# -- SQLModel ---------------------------------------------------------------------------------------------------------

SQLMODEL = """
from sqlmodel import Field, Relationship, SQLModel
from sqlalchemy.orm import RelationshipProperty
class HeroBase(SQLModel):
    name: str = Field(index=True)
    age: int | None = None
class Hero(HeroBase, table=True):
    model_config = {}
    kind: ClassVar[str] = "hero"
    id: int | None = Field(default=None, primary_key=True)
    made: datetime = Field(default_factory=datetime.utcnow)
    changed: datetime = Field(sa_column_kwargs={"onupdate": func.now(), "server_default": func.now()})
    later: datetime = Field(sa_column=Column(deferred_group="g", onupdate=func.now()))
    loose: int = Field(sa_column=made_elsewhere)
    team_id: int | None = Field(default=None, foreign_key="team.id")
    team: Optional["Team"] = Relationship(back_populates="heroes")
    eager: Optional["Team"] = Relationship(sa_relationship_kwargs={"lazy": "selectin"})
    called: Optional["Team"] = Relationship(sa_relationship_kwargs=dict(lazy="joined"))
    hidden: Optional["Team"] = Relationship(sa_relationship_kwargs=options)
    whole: Optional["Team"] = Relationship(sa_relationship=RelationshipProperty("Team", lazy="raise"))
class Team(SQLModel, table=True):
    id: int = Field(primary_key=True)
    heroes: list["Hero"] = Relationship(back_populates="team")
    friends: "list[Hero]" = Relationship(link_model=Hero)
class HeroRead(HeroBase): ...
"""


def test_sqlmodel(models: Callable[..., Project]) -> None:
    project = models(SQLMODEL)
    hero, team = mapped(project, "app.Hero"), mapped(project, "app.Team")
    columns = hero.attributes
    assert hero.sqlmodel
    assert hero.table == "hero"
    assert hero.complete
    assert project.mapped("app.HeroRead") is None
    assert "kind" not in columns
    assert "model_config" not in columns
    assert columns["age"].default == "python"
    assert columns["id"].primary_key
    assert columns["made"].default_factory
    assert (columns["changed"].onupdate, columns["changed"].server_default) == ("sql", True)
    assert (columns["later"].deferred, columns["later"].onupdate) == (True, "sql")
    assert columns["loose"].onupdate == "unknown"
    assert columns["team_id"].references == "team.id"
    lazy = {name: columns[name].lazy for name in ("team", "eager", "called", "hidden", "whole")}
    assert lazy == {"team": "select", "eager": "selectin", "called": "joined", "hidden": None, "whole": "raise"}
    assert {columns[name].target for name in lazy} == {"app.Team"}
    assert columns["team"].uselist is False
    assert columns["hidden"].uselist is False
    assert (team.attributes["heroes"].target, team.attributes["heroes"].uselist) == ("app.Hero", True)
    assert team.attributes["friends"].uselist is True
