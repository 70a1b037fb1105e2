"""Where the fixture programs are, and which of them can run here."""

from __future__ import annotations

import importlib.util
import platform
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from harness.markers import Marked, Oracle, Scenario, header_of, parse
from harness.versions import satisfies

#: groups of fixtures that are about the inference alone: no scenario is asked of them
INFERENCE = ("facts", "reveals")


@dataclass(frozen=True)
class Program:
    """A fixture: one file, or a package whose scenarios sit in its `scenarios.py`. `root` is what holds it."""

    root: Path
    group: str
    #: `orders.py`, or the package's folder `shop`
    name: str

    @property
    def is_package(self) -> bool:
        return not self.name.endswith(".py")

    @property
    def main(self) -> str:
        """The file with the scenarios, relative to `root`."""
        return f"{self.name}/scenarios.py" if self.is_package else self.name

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Every source file, relative to `root`, in order; twins are left out."""
        if not self.is_package:
            return (self.name,)
        found = sorted((self.root / self.name).rglob("*.py"))
        return tuple(path.relative_to(self.root).as_posix() for path in found if not path.name.endswith(".fixed.py"))

    @cached_property
    def data(self) -> tuple[str, ...]:
        """What a package holds besides sources: templates."""
        found = sorted(path for path in (self.root / self.name).rglob("*") if path.suffix in (".html", ".txt"))
        return tuple(path.relative_to(self.root).as_posix() for path in found)

    @cached_property
    def marked(self) -> dict[str, Marked]:
        main = self.main if self.group not in INFERENCE else None
        return {file: parse(read(self.root / file), f"{self.group}/{file}", file == main) for file in self.files}

    @property
    def scenarios(self) -> list[Scenario]:
        return self.marked[self.main].scenarios if self.main in self.marked else []

    @property
    def whole(self) -> Oracle | None:
        return self.marked[self.main].whole if self.main in self.marked else None

    @property
    def header(self) -> dict[str, str]:
        """The header of the main file; it is read without parsing the file."""
        path = self.root / self.main
        return header_of(read(path)) if path.exists() else {}

    @property
    def code(self) -> str:
        """The code that its folder is about, or nothing."""
        head = self.group.partition("_")[0].upper()
        return head if head.startswith("AOR") else ""

    def problems(self) -> list[str]:
        """Sentences about what the program's own form lacks."""
        found = [problem for marked in self.marked.values() for problem in marked.problems]
        inference = self.group in INFERENCE
        if self.main not in self.marked:
            found.append(f"{self.group}/{self.name}: the package has no scenarios.py")
        elif not self.scenarios and self.whole is None and not inference:
            found.append(f"{self.group}/{self.name}: it has no scenario")
        for file, marked in self.marked.items():
            if file != self.main and marked.scenarios:
                found.append(f"{self.group}/{file}: scenarios belong into {self.main}")
        if inference and not any(marked.reveals or marked.facts for marked in self.marked.values()):
            found.append(f"{self.group}/{self.name}: it has no `# reveals:` and no `# fact:`")
        return found

    def cannot_run(self, sqlalchemy: str) -> str:
        """Why the program cannot run under this SQLAlchemy, or nothing."""
        if "versions" in self.header and not satisfies(sqlalchemy, self.header["versions"]):
            return f"SQLAlchemy {sqlalchemy} is not {self.header['versions']}"
        return self.cannot_compile()

    def twin_cannot_run(self, sqlalchemy: str) -> str:
        """Why the fixed twin cannot run under this SQLAlchemy, or nothing: a fix is for the versions that are linted for."""
        if "twin" in self.header and not satisfies(sqlalchemy, self.header["twin"]):
            return f"SQLAlchemy {sqlalchemy} is not {self.header['twin']}"
        return self.cannot_run(sqlalchemy)

    def cannot_compile(self) -> str:
        """Why this Python cannot take the program, or nothing."""
        if "python" in self.header and not satisfies(platform.python_version(), self.header["python"]):
            return f"Python {platform.python_version()} is not {self.header['python']}"
        for package in filter(None, map(str.strip, self.header.get("requires", "").split(","))):
            if importlib.util.find_spec(package) is None:
                return f"{package} is not installed"
        return ""


def read(path: Path) -> str:
    return path.read_bytes().decode()


def twin_of(file: str) -> str:
    """The name of a file's fixed twin."""
    return file.removesuffix(".py") + ".fixed.py"


def discover(fixtures: Path) -> list[Program]:
    """Every program below `fixtures/GROUP/`, in order."""
    found = []
    for group in sorted(path for path in fixtures.iterdir() if path.is_dir()):
        for path in sorted(group.iterdir()):
            is_file = path.suffix == ".py" and not path.name.endswith(".fixed.py")
            if is_file or any(path.glob("*.py")):
                found.append(Program(group, group.name, path.name))
    return found


def orphans(fixtures: Path) -> list[str]:
    """Twins without the file that they are the twin of."""
    twins = sorted(fixtures.rglob("*.fixed.py"))
    return [str(twin) for twin in twins if not twin.with_name(twin.name.replace(".fixed.py", ".py")).exists()]
