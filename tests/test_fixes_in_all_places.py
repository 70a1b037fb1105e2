"""Every kind of fix in every kind of place: whatever is mended keeps its guarantees.

Each misuse is put into some of the places, in files that are written in different ways; which ones follows from its number.
EVERY_PLACE in the environment asks for all of them.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from guarantees import broken, compiles, mend

from flake8_async_orm.config import Config
from flake8_async_orm.project import Workspace
from flake8_async_orm.source import Source
from odd_places import EXPRESSIONS, FILES, MISUSES, STATEMENTS, Misuse, placed

EVERY = 1 if os.environ.get("EVERY_PLACE") else 12
WAYS = list(FILES)


@pytest.mark.parametrize(("number", "misuse"), list(enumerate(MISUSES)), ids=[misuse.name for misuse in MISUSES])
def test_a_fix_keeps_its_guarantees(number: int, misuse: Misuse, tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.touch()
    config = Config(root=str(tmp_path))
    project = Workspace(config).project_for(str(path))
    tried = mended = 0
    faults = []
    for place in (EXPRESSIONS if misuse.is_expression else STATEMENTS)[number % EVERY :: EVERY]:
        way = WAYS[(number + tried) % len(WAYS)]
        data = FILES[way](placed(misuse, place))
        if not compiles(data):
            continue
        tried += 1
        mending = mend(Source.from_bytes(str(path), data), project, config, unsafe=True)
        mended += bool(mending.result.applied)
        withheld = [*mending.result.withheld, *([mending.result.refused] if mending.result.refused else [])]
        faults += [(place, way, fault) for fault in (*withheld, *broken(mending, project, config, unsafe=True))]
    assert faults == []
    assert mended * 3 >= tried * 2, "a misuse that is not mended shows nothing"
