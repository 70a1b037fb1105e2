"""The mapping that is read from the text is the one that SQLAlchemy makes."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator, Mapping

import pytest
import sqlalchemy
from sqlalchemy.orm import Mapper, class_mapper, configure_mappers

from flake8_async_orm.knowledge.mapping import LAZY
from flake8_async_orm.project import Project

Build = Callable[[Mapping[str, str]], Project]

CLASSIC = """
from datetime import datetime
from sqlalchemy import Column, Computed, ForeignKey, Integer, String, Table, func, select, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import backref, column_property, declarative_base, deferred, foreign, relationship, synonym
from sqlalchemy.orm import declared_attr

class Keyed:
    id = Column(Integer, primary_key=True)

Base = declarative_base(cls=Keyed)

class Stamped:
    created = Column(String, server_default=text("'now'"))
    changed = Column(String, default=lambda: "x", onupdate=func.now())

    @declared_attr
    def editor_id(cls):
        return Column(ForeignKey("users.id"))

    @declared_attr
    def editor(cls):
        return relationship("User", foreign_keys=[cls.editor_id], lazy="joined")

tags = Table("post_tags", Base.metadata, Column("post", ForeignKey("posts.id")), Column("tag", ForeignKey("tags.id")))

class User(Base):
    __tablename__ = "users"
    name = Column(String, nullable=False)
    bio = deferred(Column(String))
    nick = synonym("name")
    boss_id = Column(ForeignKey("users.id"))
    boss = relationship("User", remote_side="User.id", back_populates="staff")
    staff = relationship("User", back_populates="boss", lazy=True)
    profile = relationship("Profile", uselist=False, back_populates="user", lazy=False)

    @hybrid_property
    def loud(self):
        return self.name

class Admin(User):
    rights = Column(String)

class Profile(Base):
    __tablename__ = "profiles"
    user_id = Column(Integer, ForeignKey("users.id"))
    user = relationship(User, back_populates="profile")

class Post(Stamped, Base):
    __tablename__ = "posts"
    owner_id = Column(ForeignKey("users.id"))
    owner = relationship(User, foreign_keys=[owner_id], backref="posts")
    tags = relationship("Tag", secondary=tags, lazy="selectin", backref=backref("posts", lazy="dynamic"))
    shout = column_property(func.upper(owner_id))
    views = relationship("View", primaryjoin="foreign(View.post_key) == Post.id", viewonly=True)

class View(Base):
    __tablename__ = "views"
    post_key = Column(Integer)
    post = relationship("Post", primaryjoin="foreign(View.post_key) == Post.id", viewonly=True)

class Tag(Base):
    __tablename__ = "tags"
    label = Column(String, Computed("'a' || 'b'"), onupdate="x")
"""

ANNOTATED = """
from __future__ import annotations
from datetime import datetime
from typing import Annotated, ClassVar, List, Optional, Set
from sqlalchemy import ForeignKey, Identity, String, func
from sqlalchemy.ext.asyncio import AsyncAttrs
from sqlalchemy.orm import DeclarativeBase, DynamicMapped, Mapped, WriteOnlyMapped, composite, declared_attr
from sqlalchemy.orm import mapped_column, query_expression, relationship

key = Annotated[int, mapped_column(primary_key=True)]
stamp = Annotated[datetime, mapped_column(server_default=func.now(), onupdate=func.now())]

class Base(AsyncAttrs, DeclarativeBase): ...

class Keyed:
    id: Mapped[key]

    @declared_attr.directive
    def __tablename__(cls) -> str:
        return cls.__name__.lower()

class Team(Keyed, Base):
    kind: ClassVar[str] = "team"
    changed: Mapped[stamp]
    text: Mapped[Optional[str]] = mapped_column(String(9), deferred=True)
    score: Mapped[float] = query_expression()
    members: Mapped[List["Member"]] = relationship(back_populates="team", lazy="raise")
    fans: WriteOnlyMapped["Fan"] = relationship()
    logs: DynamicMapped["Log"] = relationship()

class Member(Keyed, Base):
    team_id: Mapped[Optional[int]] = mapped_column(ForeignKey("team.id"))
    team: Mapped[Optional[Team]] = relationship(back_populates="members")
    logs: Mapped[Set["Log"]] = relationship(lazy="subquery")
    badge: Mapped["Badge"] = relationship(lazy="immediate")
    made: Mapped[stamp] = mapped_column(default=datetime.now)
    type: Mapped[str]
    __mapper_args__ = {"polymorphic_on": "type", "eager_defaults": True}

class Captain(Member):
    id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    speech: Mapped[str]
    __mapper_args__ = {"polymorphic_identity": "captain"}

class Fan(Keyed, Base):
    team_id: Mapped[int] = mapped_column(ForeignKey(Team.id))

class Log(Keyed, Base):
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))

class Badge(Keyed, Base):
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    number: Mapped[int] = mapped_column(Identity())
"""

TEXTS = {"classic": CLASSIC, "annotated": ANNOTATED}
MAPPED_KINDS = {"column", "relationship", "column_property", "query_expression"}
IS_2 = sqlalchemy.__version__ >= "2"


@pytest.fixture(params=TEXTS)
def style(request: pytest.FixtureRequest) -> str:
    if request.param == "annotated" and not IS_2:
        pytest.skip("the style of SQLAlchemy 2")
    return str(request.param)


@pytest.fixture
def mappers(style: str) -> Iterator[dict[str, Mapper]]:
    """The mappers that SQLAlchemy makes of a text, by the class's name."""
    name = f"mapped_{style}"
    module = types.ModuleType(name)
    sys.modules[name] = module
    try:
        exec(compile(TEXTS[style], name, "exec", dont_inherit=True), module.__dict__)
        configure_mappers()
        classes = [value for value in vars(module).values() if isinstance(value, type) and value.__module__ == name]
        yield {cls.__name__: class_mapper(cls) for cls in classes if "__mapper__" in vars(cls)}
    finally:
        del sys.modules[name]


def origin(default: object) -> str:
    if default is None:
        return "none"
    return "sql" if getattr(default, "is_clause_element", False) else "python"


def test_the_mapping_is_the_one_that_sqlalchemy_makes(style: str, mappers: dict[str, Mapper], project: Build) -> None:
    built = project({"app/__init__.py": TEXTS[style]})
    definition = built.definition("app")
    assert definition is not None
    assert {name for name in definition.classes if built.mapped(f"app.{name}")} == set(mappers)
    for name, mapper in mappers.items():
        read = built.mapped(f"app.{name}")
        assert read is not None
        assert read.complete
        ours = {key: a for key, a in read.attributes.items() if a.kind in MAPPED_KINDS}
        assert set(ours) == {prop.key for prop in mapper.iterate_properties} - set(mapper.synonyms.keys()), name
        for relationship in mapper.relationships:
            mine = ours[relationship.key]
            where = f"{name}.{relationship.key}"
            assert mine.target == f"app.{relationship.mapper.class_.__name__}", where
            assert mine.uselist is relationship.uselist, where
            assert mine.lazy == LAZY[relationship.lazy], where
            assert mine.viewonly is relationship.viewonly, where
        for prop in mapper.column_attrs:
            column, mine = prop.columns[0], ours[prop.key]
            where = f"{name}.{prop.key}"
            if not isinstance(column, sqlalchemy.Column):
                continue
            assert mine.kind == "column", where
            assert mine.deferred is prop.deferred, where
            assert mine.primary_key is column.primary_key, where
            assert mine.foreign_key is bool(column.foreign_keys), where
            assert mine.default == origin(column.default), where
            assert mine.onupdate == origin(column.onupdate), where
            assert mine.server_default is (column.server_default is not None), where
            assert mine.server_onupdate is (column.server_onupdate is not None), where
        assert (read.eager_defaults if read.eager_defaults is not None else "auto") == (
            mapper.eager_defaults if IS_2 or mapper.eager_defaults else "auto"
        )
