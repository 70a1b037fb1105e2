"""What names mean across files."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from flake8_async_orm.project import ExternalName, Found, ModuleFound, Project
from flake8_async_orm.project.definitions import Assignment, AttributeDefinition, FunctionDefinition

Build = Callable[[Mapping[str, str]], Project]


def named(project: Project, module: str, dotted: str) -> str | None:
    """The full name of what `dotted` means; a leading `!` for what is outside the project, `/` for a module."""
    match project.resolve(module, dotted):
        case Found() as found:
            return found.name
        case ModuleFound(name=name):
            return f"/{name}"
        case ExternalName(name=name):
            return f"!{name}"
    return None


PACKAGE = {
    "app/__init__.py": "",
    "app/models/__init__.py": """
        from .user import User, Base as ModelBase
        from .post import *
        from . import user
    """,
    "app/models/user.py": """
        from app.models.base import Base
        class User(Base):
            class Status: ...
            limit = 3
            def posts(self): ...
    """,
    "app/models/post.py": """
        __all__ = ["Post", "_Hidden"]
        from .user import User
        class Post: ...
        class _Hidden: ...
        class Unlisted: ...
    """,
    "app/models/base.py": "from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase): ...\n",
    "app/api.py": """
        import app.models
        import app.models.user as users
        import sqlalchemy.orm
        import sqlalchemy as sa
        from app import models as m
        from app.models import Post, User as Person, _Hidden, user
        Alias = Person
        Second = Alias
        Status = Person.Status
        chosen: Person = m.User
    """,
}


@pytest.mark.parametrize(
    ("dotted", "expected"),
    [
        ("Person", "app.models.user.User"),
        ("Post", "app.models.post.Post"),
        ("_Hidden", "app.models.post._Hidden"),
        ("m.User", "app.models.user.User"),
        ("m.ModelBase", "app.models.base.Base"),
        ("m.Unlisted", None),
        ("m", "/app.models"),
        ("user", "/app.models.user"),
        ("users.User", "app.models.user.User"),
        ("app.models.user.User", "app.models.user.User"),
        ("app.models.base", "/app.models.base"),
        ("Second", "app.models.user.User"),
        ("Status", "app.models.user.User.Status"),
        ("Person.Status", "app.models.user.User.Status"),
        ("Person.posts", "app.models.user.User.posts"),
        ("Person.metadata", None),
        ("chosen", "app.api.chosen"),
        ("sa.select", "!sqlalchemy.select"),
        ("sqlalchemy.orm.Session", "!sqlalchemy.orm.Session"),
        ("print", "!builtins.print"),
        ("nothing", None),
        ("m.nothing", None),
        ("app.nothing", None),
    ],
)
def test_resolve(dotted: str, expected: str | None, project: Build) -> None:
    assert named(project(PACKAGE), "app.api", dotted) == expected


@pytest.mark.parametrize(
    ("dotted", "expected"),
    [
        ("app.models.User", Found),
        ("app.models.user.User.posts", FunctionDefinition),
        ("app.models.user.User.limit", AttributeDefinition),
        ("app.models.user", ModuleFound),
        ("app.models.user.Nobody", None),
        ("app.nowhere.User", None),
        ("elsewhere.User", ExternalName),
    ],
)
def test_find(dotted: str, expected: type | None, project: Build) -> None:
    found = project(PACKAGE).find(dotted)
    if expected is None:
        assert found is None
    else:
        assert isinstance(found.binding if isinstance(found, Found) and expected is not Found else found, expected)


def test_what_is_found_is_found_again_by_its_name(project: Build) -> None:
    built = project(PACKAGE)
    for dotted in ("Person", "Post", "m.ModelBase", "Person.Status", "Person.posts"):
        found = built.resolve("app.api", dotted)
        assert isinstance(found, Found)
        assert built.find(found.name) == found


def test_import_cycles_end(project: Build) -> None:
    built = project(
        {
            "app/__init__.py": "from .a import *\nfrom .b import *\nfrom . import a\n",
            "app/a.py": "from app import b, X, Nothing\nfrom .b import *\nfrom . import Y\n",
            "app/b.py": "from .a import X as Again, Loop\nfrom . import *\nX = 1\nclass Y: ...\n",
        }
    )
    assert named(built, "app", "X") == "app.b.X"
    assert named(built, "app.a", "X") == "app.b.X"
    assert named(built, "app.b", "Again") == "app.b.X"
    assert named(built, "app.a", "Y") == "app.b.Y"
    assert named(built, "app", "a") == "/app.a"
    assert named(built, "app.a", "Nothing") is None
    assert named(built, "app.b", "Loop") is None


def test_answers_do_not_depend_on_what_was_asked_before(project: Build) -> None:
    files = {
        "app/__init__.py": "from .a import *\nfrom .b import X as X\n",
        "app/a.py": "from app import X\nfrom .b import *\n",
        "app/b.py": "from app.a import X\ntry:\n    from app import X\nexcept ImportError:\n    X = 1\n",
    }
    questions = [("app", "X"), ("app.a", "X"), ("app.b", "X")]
    answers = []
    for first in range(3):
        built = project(files)
        asked = questions[first:] + questions[:first]
        answers.append({question: named(built, *question) for question in asked})
    assert answers[0] == answers[1] == answers[2]
    assert set(answers[0].values()) == {"app.b.X"}


CHOICES = {
    "the last of several": ("from a import X\nfrom b import X\n", "!b.X"),
    "what is tried first": ("try:\n    from a import X\nexcept ImportError:\n    from b import X\n", "!a.X"),
    "what is tried first, if the project has it": (
        "try:\n    from app.gone import X\nexcept ImportError:\n    from b import X\n",
        "!b.X",
    ),
    "the project's own": ("try:\n    from app.own import X\nexcept ImportError:\n    X = None\n", "app.own.X"),
    "what the type checker sees": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from a import X\nelse:\n    X = object\n",
        "!a.X",
    ),
    "only for the type checker": ("X = None\nif TYPE_CHECKING:\n    from a import X\n", "!a.X"),
    "a branch that may go either way": ("if flag:\n    from a import X\nelse:\n    from b import X\n", None),
    "branches that agree": ("if flag:\n    from a import X\nelse:\n    from a import X\n", "!a.X"),
    "values of branches": ("if flag:\n    X = 1\nelse:\n    X = 2\n", "app.X"),
    "an import that is replaced": ("from a import X\nX = wrap(X)\n", "app.X"),
    "an alias that is replaced": ("from a import Y\nX = Y\nX = 1\n", "app.X"),
    "an alias for the type checker": ("from typing import TypeAlias\nfrom a import Y\nX: TypeAlias = Y\n", "!a.Y"),
    "a star from outside": ("from a import *\n", "!a.X"),
    "stars from outside": ("from a import *\nfrom b import *\n", None),
    "a star of the project ahead of one from outside": ("from app.own import *\nfrom a import *\n", "app.own.X"),
    "a new type": ("from typing import NewType\nfrom a import Y\nX = NewType('X', Y)\n", "app.X"),
    "a later PEP 695 alias": ("from a import Y\ntype X = Y\n", "!a.Y"),
    "itself": ("X = X\n", "app.X"),
}


@pytest.mark.parametrize("case", CHOICES)
def test_which_binding_holds(case: str, project: Build) -> None:
    text, expected = CHOICES[case]
    built = project({"app/__init__.py": "", "app/own.py": "class X: ...\n"})
    path = built.module_path("app")
    assert path is not None
    built.workspace.overlay(path, text)
    assert named(built, "app", "X") == expected


def test_a_name_of_the_module_hides_a_builtin_even_if_it_is_not_known(project: Build) -> None:
    built = project({"app/__init__.py": "from app.gone import print\n"})
    assert named(built, "app", "print") is None


def test_the_attribute_of_a_package_wins_over_its_submodule(project: Build) -> None:
    built = project(
        {
            "app/__init__.py": "from .engine import engine\n",
            "app/engine.py": "engine = make()\n",
            "app/use.py": "from app import engine\nfrom app.engine import engine as same\nimport app.engine\n",
        }
    )
    assert named(built, "app.use", "engine") == "app.engine.engine"
    assert named(built, "app.use", "same") == "app.engine.engine"
    assert built.find("app.engine.engine") == built.resolve("app.use", "engine")


def test_global_writes_are_bindings_of_the_name(project: Build) -> None:
    built = project({"app/__init__.py": "engine = None\ndef start():\n    global engine\n    engine = make()\n"})
    found = built.resolve("app", "engine")
    assert isinstance(found, Found)
    assert isinstance(found.binding, Assignment)


# -- classes ----------------------------------------------------------------------------------------------------------

CLASSES = {
    "app/__init__.py": "",
    "app/base.py": """
        from typing import Generic, TypeVar
        T = TypeVar("T")
        class Root: ...
        class Repo(Root, Generic[T]):
            def get(self): ...
            def name(self): ...
        class Mixin(Root): ...
    """,
    "app/repos.py": """
        from sqlalchemy.ext.asyncio import AsyncSession
        from somewhere import Foreign
        from . import base
        from .base import Mixin, Repo as BaseRepo
        UserBase = BaseRepo[int]
        class UserRepo(Mixin, BaseRepo[int]):
            @property
            def name(self): ...
            @name.setter
            def name(self, value): ...
        class Again(UserBase): ...
        class Session(AsyncSession): ...
        class Outside(Foreign): ...
        class Made(make()): ...
        class Outer:
            class Part: ...
            class Whole(Part): ...
        class Loop(Loop): ...
        class Left(Right): ...
        class Right(Left): ...
        class Odd(base.Root, Mixin): ...
        def build():
            class Local(UserRepo): ...
            class More(Local): ...
    """,
}


@pytest.mark.parametrize(
    ("name", "expected", "complete"),
    [
        ("UserRepo", "UserRepo base.Mixin base.Repo base.Root typing.Generic", True),
        ("Again", "Again UserBase base.Repo base.Root typing.Generic", True),
        ("Session", "Session sqlalchemy.ext.asyncio.AsyncSession", True),
        ("Outside", "Outside somewhere.Foreign", False),
        ("Made", "Made", False),
        ("Outer.Whole", "Outer.Whole Outer.Part", True),
        ("Odd", "Odd base.Root base.Mixin", True),
        ("build.<locals>.More", "build.<locals>.More build.<locals>.Local UserRepo", True),
    ],
)
def test_mro(name: str, expected: str, complete: bool, project: Build) -> None:
    order, known = project(CLASSES).mro(f"app.repos.{name}")
    shortened = [base.removeprefix("app.repos.").replace("app.base.", "base.") for base in order]
    assert " ".join(shortened).startswith(expected)
    assert known is complete


def test_an_order_that_contradicts_itself_or_never_ends(project: Build) -> None:
    built = project(CLASSES)
    for name in ("Loop", "Left", "Right"):
        order, complete = built.mro(f"app.repos.{name}")
        assert order[0] == f"app.repos.{name}"
        assert not complete
    assert len(set(built.mro("app.repos.Odd")[0])) == len(built.mro("app.repos.Odd")[0])


def test_the_order_of_what_is_no_class_of_the_project(project: Build) -> None:
    built = project(CLASSES)
    assert built.mro("builtins.int") == (["builtins.int"], True)
    assert built.mro("somewhere.Foreign") == (["somewhere.Foreign"], False)
    assert built.mro("app.repos.Nobody") == (["app.repos.Nobody"], False)


def test_members_are_inherited_and_setters_are_not_read(project: Build) -> None:
    built = project(CLASSES)
    get = built.find("app.repos.UserRepo.get")
    assert isinstance(get, Found)
    assert get.name == "app.base.Repo.get"
    name = built.find("app.repos.UserRepo.name")
    assert isinstance(name, Found)
    assert isinstance(name.binding, FunctionDefinition)
    assert name.binding.decorator_names == ("property",)
