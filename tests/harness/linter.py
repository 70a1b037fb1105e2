"""The real linter as the harness sees it. Everything is imported late: the runtime side works without it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class StatedFact:
    """A fact of the interpreter: its class' name, its plain fields as text, its place as 0-based offsets."""

    kind: str
    fields: dict[str, str]
    start: int
    end: int


class Linter(Protocol):
    """What the harness asks of a linter; self-tests put another in its place."""

    @property
    def codes(self) -> frozenset[str]: ...
    def lint(self, path: Path, settings: dict[str, object]) -> list[Any]: ...
    def fix(self, path: Path, settings: dict[str, object]) -> Any: ...


class RealLinter:
    """`flake8_async_orm.linting`, one project per call. Sessions handed in keep what they commit, as the harness makes them."""

    def __init__(self) -> None:
        import flake8_async_orm.rules  # noqa: F401
        from flake8_async_orm.rule import REGISTRY

        self.registry = REGISTRY
        self.codes = frozenset(REGISTRY) | {"AOR000"}

    def arguments(self, path: Path, settings: dict[str, object]) -> tuple[Any, Any, Any]:
        from flake8_async_orm.config import Config
        from flake8_async_orm.project import Workspace
        from flake8_async_orm.source import Source

        given = {name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()}
        root = path.parent
        while (root / "__init__.py").exists():
            root = root.parent
        # what the harness gives to scenarios does not expire on commit
        config = Config(root=str(root), **{"expire_on_commit": False, **given})
        source = Source.from_bytes(str(path), path.read_bytes())
        return source, Workspace(config).project_for(str(path)), config

    def lint(self, path: Path, settings: dict[str, object]) -> list[Any]:
        """The diagnostics of one file."""
        from flake8_async_orm.linting import lint

        return list(lint(*self.arguments(path, settings)))

    def fix(self, path: Path, settings: dict[str, object]) -> Any:
        """The file with all safe and unsafe fixes."""
        from flake8_async_orm.linting import fix

        return fix(*self.arguments(path, settings), unsafe=True)

    def facts(self, path: Path) -> list[StatedFact]:
        """What the interpreter states of one file, revelations included."""
        from flake8_async_orm.flow import interpret

        source, project, _ = self.arguments(path, {})
        stated = []
        for fact in interpret(source, project, reveal=True):
            span = source.span(fact.site.node)
            fields = {one.name: str(getattr(fact, one.name)) for one in dataclasses.fields(fact) if one.name != "site"}
            stated.append(StatedFact(type(fact).__name__, fields, span.start, span.end))
        return stated
