"""What the linter says of a program against what its runs have shown."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from flake8_async_orm.config import Config
from flake8_async_orm.linting import lint
from flake8_async_orm.linting.findings import FRAMES
from flake8_async_orm.project import Workspace
from flake8_async_orm.source import Source
from implicit_io.running import Seen, text_of
from implicit_io.writing import Writer

# the linter would ask for as much, in the midst of what hypothesis watches over
sys.setrecursionlimit(max(sys.getrecursionlimit(), FRAMES))
HEAD = """\
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import defer, joinedload, lazyload, load_only, noload, raiseload, selectinload, undefer
from models import Badge, Item, Owner, Profile, expiring, keeping


"""
FIRST = HEAD.count("\n") + 2


@dataclass(frozen=True)
class Disagreement:
    """A line of a program on which the linter and the runs differ. `kind`: false alarm, or missed."""

    kind: str
    line: int
    text: str
    why: str
    program: str


class Judge:
    """The linter over one project: the models, and a program that changes."""

    def __init__(self, folder: Path, **settings: object) -> None:
        (folder / "models.py").write_bytes((Path(__file__).parent / "models.py").read_bytes())
        self.path = str(folder / "program.py")
        self.config = Config(root=str(folder), select=("AOR5", "AOR406"), **settings)  # type: ignore[arg-type]
        self.workspace = Workspace(self.config)

    def findings(self, program: Writer) -> dict[int, str]:
        text = HEAD + text_of(program, False)
        source = Source.from_text(self.path, text)
        self.workspace.adopt(source)
        project = self.workspace.project_for(self.path)
        return {one.line - FIRST: one.code for one in lint(source, project, self.config, fixes=False)}

    def disagreements(self, program: Writer, seen: list[Seen], maybe: bool = False) -> list[Disagreement]:
        found = self.findings(program)
        text = text_of(program, False)
        wrong = []
        for number, line in enumerate(program.lines):
            outcomes = [outcome for world in seen for outcome in world.reads.get(number, [])]
            code = found.get(number)
            if not line.watched or not outcomes:
                continue
            wanted = any(outcomes) if maybe else all(outcomes)
            why = next((world.why[number] for world in seen if number in world.why), "")
            if code and not wanted:
                wrong.append(
                    Disagreement("false alarm", number, line.text, f"{code} {sum(outcomes)}/{len(outcomes)}", text)
                )
            elif wanted and not code and not any(number in world.moot for world in seen):
                wrong.append(Disagreement("missed", number, line.text, why, text))
        return wrong
