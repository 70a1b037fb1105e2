"""A file's tree to its definitions."""

from __future__ import annotations

import textwrap

import libcst as cst
import pytest

from flake8_async_orm.project.collect import absolute, collect
from flake8_async_orm.project.definitions import (
    Assignment,
    ClassDefinition,
    FunctionDefinition,
    Import,
    ModuleDefinition,
    TypeAlias,
)
from flake8_async_orm.source import Source, SourceError


def definitions(text: str, name: str = "app.mod", is_package: bool = False) -> ModuleDefinition:
    return collect(Source.from_text("mod.py", textwrap.dedent(text)), name, is_package)


def shown(source: Source, number: int | None) -> str | None:
    return None if number is None else cst.Module([]).code_for_node(source.nodes[number])


def test_all_bindings_of_a_name_are_kept_in_order() -> None:
    module = definitions(
        """
        try:
            from fast import dumps
        except ImportError:
            from slow import dumps
        dumps = wrap(dumps)
        def dumps(x): ...
        """
    )
    kinds = [type(binding) for binding in module.bindings["dumps"]]
    assert kinds == [Import, Import, Assignment, FunctionDefinition]
    assert [binding.node in module.fallbacks for binding in module.bindings["dumps"]] == [False, True, False, False]


def test_imports_are_absolute() -> None:
    module = definitions(
        """
        import a.b
        import c.d as e
        from . import sibling
        from .near import x as y
        from ..far import z
        from .stars import *
        from ....beyond import w
        """,
        "app.sub.mod",
    )
    found = {name: bindings[0] for name, bindings in module.bindings.items()}
    origins = {name: (b.module, b.name) for name, b in found.items() if isinstance(b, Import)}
    assert origins == {
        "a": ("a", None),
        "e": ("c.d", None),
        "sibling": ("app.sub", "sibling"),
        "y": ("app.sub.near", "x"),
        "z": ("app.far", "z"),
    }
    assert module.stars == ("app.sub.stars",)


@pytest.mark.parametrize(
    ("module", "is_package", "level", "name", "expected"),
    [
        ("a.b", False, 1, "c", "a.c"),
        ("a.b", True, 1, "c", "a.b.c"),
        ("a.b", False, 2, "c", "c"),
        ("a", False, 1, "", ""),
        ("a", False, 2, "c", None),
    ],
)
def test_relative_imports(module: str, is_package: bool, level: int, name: str, expected: str | None) -> None:
    assert absolute(module, is_package, level, name) == expected


def test_type_checking_blocks_and_version_tests() -> None:
    module = definitions(
        """
        import sys
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from a import A
        else:
            A = object
        if not TYPE_CHECKING:
            B = None
        else:
            from b import B
        if sys.version_info >= (3, 11):
            from enum import StrEnum
        else:
            class StrEnum: ...
        if sys.version_info < (3, 11):
            from old import C
        else:
            from new import C
        if flag:
            D = 1
        else:
            D = 2
        """
    )
    ranked = {
        name: [binding.node in module.fallbacks for binding in module.bindings[name]]
        for name in ("A", "B", "StrEnum", "C")
    }
    assert ranked == {"A": [False, True], "B": [True, False], "StrEnum": [False, True], "C": [True, False]}
    first = module.bindings["A"][0]
    assert isinstance(first, Import)
    assert first.type_checking
    assert all(binding.node in module.conditional for binding in module.bindings["D"])


def test_assignments() -> None:
    source = Source.from_text(
        "mod.py",
        textwrap.dedent(
            """
            engine: Engine = create(url)
            Session = sessionmaker(engine)
            a, (b, *c) = pair
            left, right = one(), two()
            Alias = models.User
            Repo = Base[User]
            Reg = registry().generate_base()
            with open() as handle: pass
            for item in items: pass
            count += 1
            type Pair = tuple[int, int]
            """
        ),
    )
    module = collect(source, "mod", False)
    found = {name: b for name, (b, *_) in module.bindings.items() if isinstance(b, Assignment)}
    assert shown(source, found["engine"].annotation) == "Engine"
    assert shown(source, found["engine"].value) == "create(url)"
    assert found["Session"].call == "sessionmaker"
    assert shown(source, found["right"].value) == "two()"
    assert found["Alias"].alias == "models.User"
    assert found["Repo"].origin == "Base"
    assert found["Reg"].call == "registry().generate_base"
    assert {name for name, b in found.items() if b.unpacked} == {"a", "b", "c", "handle", "item", "count"}
    alias = module.bindings["Pair"][0]
    assert isinstance(alias, TypeAlias)
    assert shown(source, alias.value) == "tuple[int, int]"


def test_global_writes() -> None:
    module = definitions(
        """
        engine = None
        async def start():
            global engine, factory
            if ready:
                engine = create()
            engine, factory = both()
            local = 1
        """
    )
    assert module.functions["start"].global_writes == ("engine", "factory")
    writers = [b.function for b in module.bindings["engine"] if isinstance(b, Assignment)]
    assert writers == [None, "start", "start"]
    assert "local" not in module.bindings


def test_exports() -> None:
    assert definitions("__all__ = ['a', 'b']").exports == ("a", "b")
    assert definitions(
        "__all__ = ('a',)\n__all__ += ['b']\n__all__.extend(['c'])\n__all__.append('d')"
    ).exports == tuple("abcd")
    assert definitions("__all__ = ['a'] + other.__all__").exports is None
    assert definitions("__all__ = ['a']\n__all__ += other.__all__").exports is None
    assert definitions("a = 1").exports is None


def test_functions_and_their_parameters() -> None:
    source = Source.from_text(
        "mod.py",
        textwrap.dedent(
            """
            @router.get("/")
            @inject
            async def route(a, /, b: int, *args, c: str = "x", **kw) -> int:
                def inner():
                    yield 1
                return [x async for x in y]
            def stub():
                "Says nothing."
                raise NotImplementedError
            """
        ),
    )
    module = collect(source, "mod", False)
    route = module.functions["route"]
    assert route.is_async
    assert not route.is_generator
    assert module.functions["route.<locals>.inner"].is_generator
    assert [(p.name, p.kind) for p in route.parameters] == [
        ("a", "positional-only"),
        ("b", "positional"),
        ("args", "star"),
        ("c", "keyword"),
        ("kw", "double-star"),
    ]
    assert shown(source, route.parameters[1].annotation) == "int"
    assert shown(source, route.parameters[3].default) == '"x"'
    assert shown(source, route.returns) == "int"
    assert route.decorator_names == ("router.get", "inject")
    assert module.functions["stub"].is_stub
    assert not route.is_stub


def test_generators_are_told_by_their_own_yield() -> None:
    module = definitions(
        """
        def outer():
            def inner():
                yield 1
            return inner
        def after():
            with x:
                y = yield
        def hidden():
            return lambda: (yield)
        def delegating():
            yield from other()
        def last():
            return 1
        """
    )
    assert {name for name, f in module.functions.items() if f.is_generator} == {
        "outer.<locals>.inner",
        "after",
        "delegating",
    }


def test_classes() -> None:
    source = Source.from_text(
        "mod.py",
        textwrap.dedent(
            """
            class Repo[T](Base[T], Mixin, make(), metaclass=Meta, table=True):
                model: type[T]
                x = y = 1
                p, q = 1, 2
                r, s = pair()
                class Inner: ...
                @property
                def name(self): ...
                @name.setter
                def name(self, value): ...
                if TYPE_CHECKING:
                    def extra(self) -> int: ...
            def make_one():
                class Local(Repo): ...
            """
        ),
    )
    module = collect(source, "mod", False)
    repo = module.classes["Repo"]
    assert repo.base_names == ("Base", "Mixin", "make")
    assert [name for name, _ in repo.keywords] == ["metaclass", "table"]
    assert repo.type_parameters == ("T",)
    assert set(repo.attributes) == {"model", "x", "y", "p", "q", "r", "s"}
    assert shown(source, repo.attributes["q"][0].value) == "2"
    assert repo.attributes["r"][0].value is None
    assert [m.decorator_names for m in repo.methods["name"]] == [("property",), ("name.setter",)]
    assert repo.methods["extra"][0].cls == "Repo"
    assert repo.classes["Inner"] is module.classes["Repo.Inner"]
    assert module.classes["make_one.<locals>.Local"].base_names == ("Repo",)
    assert "Local" not in module.bindings
    assert isinstance(module.bindings["Repo"][0], ClassDefinition)


def test_attributes_of_instances() -> None:
    source = Source.from_text(
        "mod.py",
        textwrap.dedent(
            """
            class Service:
                def __init__(this, session, other):
                    this.session = session
                    if other:
                        try:
                            this.repo: Repo = Repo(session)
                        finally:
                            this.done = True
                    with other as this.entered: pass
                    this.a, this.b = other
                    this.count += 1
                    other.foreign = 1
                    this.deep.er = 1
                    def later():
                        this.late = 2
                    def hiding(this):
                        this.hidden = 3
                @classmethod
                def build(cls): cls.built = 1
                @staticmethod
                def still(x): x.y = 1
            """
        ),
    )
    found = collect(source, "mod", False).classes["Service"].instance_attributes
    assert set(found) == {"session", "repo", "done", "entered", "a", "b", "count", "late", "built"}
    assert shown(source, found["repo"][0].annotation) == "Repo"
    assert shown(source, found["repo"][0].value) == "Repo(session)"
    assert found["session"][0].method == "Service.__init__"
    assert found["entered"][0].value is None
    assert found["a"][0].value is None


def test_a_file_without_a_tree_raises() -> None:
    with pytest.raises(SourceError):
        definitions("def (")
