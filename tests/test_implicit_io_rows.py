"""Each row of a table of small programs: the runs show what the row says, and the linter says the same."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

pytest.importorskip("aiosqlite")

import sqlalchemy

from harness.versions import satisfies
from implicit_io.judging import Judge
from implicit_io.rows import ROWS
from implicit_io.running import Runner
from implicit_io.writing import Line, Writer

PROMISE = re.compile(r"  # (ok|fails)(?: \[(.*)\])?$")
READ = re.compile(r"(?:(\w+) = )?(\w+)\.(\w+)")


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    runner = Runner()
    yield runner
    runner.close()


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    return Judge(tmp_path_factory.mktemp("program"), sqlalchemy_version=sqlalchemy.__version__)


def program_of(factory: str, text: str) -> tuple[Writer, dict[int, bool]]:
    """The program of a row, and for each of its reads whether it fails."""
    writer = Writer(lambda options: options[0], rows=2)
    writer.write(1, f"async with {factory}() as session:")
    fails = {}
    for line in text.splitlines():
        promise = PROMISE.search(line)
        code = PROMISE.sub("", line).lstrip()
        indent = 2 + (len(line) - len(line.lstrip())) // 4
        if promise is None:
            writer.write(indent, code)
            continue
        if promise[2] and satisfies(sqlalchemy.__version__, promise[2]):
            pytest.skip(f"it is otherwise in {promise[2]}")
        found = READ.match(code)
        assert found is not None
        fails[len(writer.lines)] = promise[1] == "fails"
        binds = found[1] or ""
        writer.lines.append(Line(indent, code, True, binds, found[2], found[3]))
    return writer, fails


@pytest.mark.parametrize("name", ROWS)
def test_a_row(runner: Runner, judge: Judge, name: str) -> None:
    writer, fails = program_of(*ROWS[name])
    seen = runner.run(writer)
    for number, promised in fails.items():
        outcomes = {outcome for world in seen for outcome in world.reads.get(number, [])}
        ends = {world.ended for world in seen}
        assert outcomes == {promised}, f"`{writer.lines[number].text}` shows {outcomes}; {ends}"
    wrong = judge.disagreements(writer, seen)
    assert not wrong, "\n".join(f"{one.kind} at `{one.text}` ({one.why}):\n{one.program}" for one in wrong)
