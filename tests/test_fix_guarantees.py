"""What holds of every fix, looked for in every fixture program, as it stands and written in other ways.

The programs are mended in memory and on copies. Which rewritings a program is tried in follows from its place in the list, so
that each rule meets each of them.
"""

from __future__ import annotations

import io
import re
import tokenize
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flake8_async_orm.linting import FixResult, fix
from harness.checking import settings_of, stage
from harness.command import Ran
from harness.linter import RealLinter
from harness.programs import Program, discover, read, twin_of
from rewriting import COMMUTE, REWRITINGS

FIXTURES = Path(__file__).parent / "fixtures"
MENDED = [
    (program, file)
    for program in discover(FIXTURES)
    for file in program.files
    if (program.root / twin_of(file)).exists()
]
#: every so many programs one is tried in a rewriting; each is mended as it stands
EVERY = 3
TRIALS = [
    (program, file, list(REWRITINGS)[number % len(REWRITINGS)])
    for number, (program, file) in enumerate(MENDED[::EVERY])
]

mended = pytest.mark.parametrize(
    ("program", "file"), MENDED, ids=[f"{program.group}/{file}" for program, file in MENDED]
)
rewritten = pytest.mark.parametrize(
    ("program", "file", "rewriting"), TRIALS, ids=[f"{program.group}/{file}-{name}" for program, file, name in TRIALS]
)


class Mending:
    """Applies the fixes of one file of a program that stands in a folder by itself."""

    def __init__(self, program: Program, file: str, linter: RealLinter, folder: Path) -> None:
        if program.cannot_compile():
            pytest.skip(program.cannot_compile())
        stage(program, folder)
        self.path = folder / file
        self._linter = linter
        self._settings = settings_of(program, linter)

    def __call__(self, data: bytes, unsafe: bool = True) -> FixResult:
        self.path.write_bytes(data)
        return fix(*self._linter.arguments(self.path, self._settings), unsafe=unsafe)


def compiles(data: bytes) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(data, "program.py", "exec", dont_inherit=True)
        except SyntaxError:
            return False
    return True


def comments(data: bytes) -> Counter[str]:
    return Counter(token.string for token in tokenize.tokenize(io.BytesIO(data).readline) if token.type == tokenize.COMMENT)


def faults(mend: Mending, data: bytes, result: FixResult, unsafe: bool = True) -> Iterator[str]:
    """Which guarantees do not hold of `result`, made of `data`."""
    if result.withheld or result.refused:
        yield f"something was built that does not hold: {result.withheld} {result.refused}"
    if not compiles(result.data):
        yield "the result is no Python"
        return
    left = [one for one in result.remaining if one.fix(unsafe) is not None]
    if left:
        yield f"findings are left that have a fix: {[(one.code, one.line) for one in left]}"
    again = mend(result.data, unsafe)
    if again.data != result.data or again.applied:
        yield f"applied twice it makes {again.applied} besides"
    # a line that does nothing goes with the comment that is on it
    gone = comments(data) - comments(result.data)
    if sum(gone.values()) > sum(title.startswith("Drop") for _, title in result.applied):
        yield f"comments are gone: {gone}"


@mended
def test_safe_fixes(program: Program, file: str, linter: RealLinter, tmp_path: Path) -> None:
    mend = Mending(program, file, linter, tmp_path)
    data = read(program.root / file).encode()
    before = Counter(one.code for one in linter.lint(mend.path, settings_of(program, linter)))
    result = mend(data, unsafe=False)
    assert list(faults(mend, data, result, unsafe=False)) == []
    after = Counter(one.code for one in result.remaining)
    mended = {code for code, _ in result.applied}
    assert [code for code in mended if after[code] >= before[code]] == []
    assert after == before or mended


@rewritten
def test_fixes_of_a_program_written_another_way(
    program: Program, file: str, rewriting: str, linter: RealLinter, tmp_path: Path
) -> None:
    mend = Mending(program, file, linter, tmp_path)
    data = REWRITINGS[rewriting](read(program.root / file))
    if data is None:
        pytest.skip("this program cannot be written so")
    assert compiles(data), "the rewriting makes no Python"
    result = mend(data)
    assert list(faults(mend, data, result)) == []
    if rewriting in COMMUTE:
        assert result.data == REWRITINGS[rewriting](read(program.root / twin_of(file)))


def patched(before: bytes, diff: bytes) -> bytes:
    """`before` with the hunks of a unified diff of it; every line that the diff leaves or takes must be there."""
    old, new, position = before.splitlines(keepends=True), [], 0
    for hunk in re.split(rb"(?m)^@@ ", diff)[1:]:
        start, _, rest = hunk.partition(b"\n")
        first = int(re.match(rb"-(\d+)", start)[1]) - 1  # type: ignore[index]
        new += old[position:first]
        position = first
        for line in re.sub(rb"\n\\\\ No newline at end of file\n?", b"", rest).splitlines(keepends=True):
            if line[:1] in b" -":
                assert old[position] == line[1:]
                position += 1
            if line[:1] in b" +":
                new.append(line[1:])
    return b"".join(new + old[position:])


def test_the_diff_is_what_is_fixed(run: Callable[..., Ran], here: Path) -> None:
    """Of one program of every second rule, each written in another way."""
    firsts = {program.group: (program, file) for program, file in reversed(MENDED) if not program.is_package}
    before: dict[str, bytes] = {}
    ways = [name for name in REWRITINGS if name != "Latin-1"]
    for number, (group, (program, file)) in enumerate(sorted(firsts.items())[::2]):
        text = read(program.root / file)
        before[f"{group}.py"] = REWRITINGS[ways[number % len(ways)]](text) or text.encode()
        (here / f"{group}.py").write_bytes(before[f"{group}.py"])
    options = ("--isolated", "--no-cache", "--unsafe-fixes", "--extend-select", "AOR")
    ran = run("--diff", "-q", *options)
    assert ran.code == 1
    diffs = {
        part.partition("\n")[0].removeprefix("a/"): part.encode() for part in re.split(r"(?m)^--- (?=a/)", ran.out)[1:]
    }
    assert {name: (here / name).read_bytes() for name in before} == before
    run("--fix", "-q", *options)
    after = {name: (here / name).read_bytes() for name in before}
    assert {name for name in before if after[name] != before[name]} == set(diffs)
    assert len(diffs) > 10
    for name, diff in diffs.items():
        assert patched(before[name], diff) == after[name], name
