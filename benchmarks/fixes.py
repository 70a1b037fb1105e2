"""Whether fixes keep their guarantees in real code: `python benchmarks/fixes.py TREE ...`.

Each tree is copied. The safe fixes of every file are applied in memory, then the unsafe ones on top of them, and each time all
guarantees are looked at from outside. Then the command does the same: what `--diff` shows must be what `--fix` writes.
With `--spoil`, files are made wrong first, in one way after the other, and it is counted how many come back as they were.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from guarantees import Mending, broken, compiles, mend
from spoiling import SPOILINGS, same, spoiled

from flake8_async_orm.config import Config
from flake8_async_orm.project import Workspace
from flake8_async_orm.project.reach import Reach
from flake8_async_orm.source import Source, SourceError

GRADES = (False, True)


@dataclass
class Tally:
    """What came of the files: fixes that were made by code and grade, and everything that did not hold."""

    files: int = 0
    findings: Counter[str] = field(default_factory=Counter)
    applied: dict[bool, Counter[str]] = field(default_factory=lambda: {grade: Counter() for grade in GRADES})
    titles: Counter[str] = field(default_factory=Counter)
    withheld: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    places: int = 0
    restored: int = 0

    def add(self, path: str, unsafe: bool, mending: Mending, faults: Sequence[str]) -> None:
        for code, title in mending.result.applied:
            self.applied[unsafe][code] += 1
            self.titles[f"{code} {title}"] += 1
        said = [*mending.result.withheld, *([mending.result.refused] if mending.result.refused else [])]
        self.withheld += [f"{path}: {line}" for line in said]
        self.faults += [f"{path}: {'unsafe' if unsafe else 'safe'}: {fault}" for fault in faults]


class Tree:
    """A copy of a tree, its projects, and those of its files that the linter interprets."""

    def __init__(self, origin: Path, folder: Path) -> None:
        self.root = folder / origin.name
        left_out = shutil.ignore_patterns(".git", "node_modules", ".venv")
        shutil.copytree(origin, self.root, ignore=left_out, ignore_dangling_symlinks=True)
        self.config = Config(root=str(self.root))
        self.workspace = Workspace(self.config)
        self._reaches: dict[int, Reach] = {}

    def files(self) -> Iterator[Path]:
        for path in sorted(self.root.rglob("*.py")):
            if path.is_symlink() or not path.is_file():
                continue
            project = self.workspace.project_for(str(path))
            if self._reaches.setdefault(id(project), Reach(project)).matters(str(path), path.read_bytes()):
                yield path

    def leave(self, path: Path, data: bytes) -> None:
        """Let the project see the file as it is on the disk again."""
        self.workspace.adopt(Source.from_bytes(str(path), data))
        self.workspace.make_room()

    def mended(self, path: Path, data: bytes, unsafe: bool, tally: Tally) -> bytes:
        """The bytes with the fixes of a grade; what does not hold goes to the tally."""
        source = Source.from_bytes(str(path), data)
        project = self.workspace.project_for(str(path))
        mending = mend(source, project, self.config, unsafe)
        name = str(path.relative_to(self.root))
        tally.findings.update(one.code for one in mending.before if not unsafe)
        tally.add(name, unsafe, mending, list(broken(mending, project, self.config, unsafe)))
        return mending.result.data


def as_it_stands(tree: Tree) -> Tally:
    """Mend every file as it is."""
    tally = Tally()
    changed: dict[Path, dict[bool, bytes]] = {}
    for path in tree.files():
        tally.files += 1
        data = path.read_bytes()
        try:
            safe = tree.mended(path, data, False, tally)
            mended = {False: safe, True: tree.mended(path, safe, True, tally)}
        except SourceError as error:
            tally.faults.append(f"{path.relative_to(tree.root)}: {error}")
            continue
        finally:
            tree.leave(path, data)
        if mended[True] != data:
            changed[path] = mended
    tally.faults += _by_command(tree, changed)
    return tally


def _by_command(tree: Tree, changed: dict[Path, dict[bool, bytes]]) -> Iterator[str]:
    """What the command does with the files that have fixes, against what was found in memory."""
    if not changed:
        return
    names = [str(path.relative_to(tree.root)) for path in changed]
    command = [sys.executable, "-m", "flake8_async_orm", "--isolated", "--no-cache", "-q", "--exit-zero", "--unsafe-fixes"]
    before = {path: path.read_bytes() for path in changed}
    diff = subprocess.run([*command, "--diff", *names], cwd=tree.root, capture_output=True, check=True).stdout
    if {path: path.read_bytes() for path in changed} != before:
        yield "--diff changes files"
    subprocess.run([*command, "--fix", *names], cwd=tree.root, capture_output=True, check=True)
    after = {path: path.read_bytes() for path in changed}
    # the other way round: the diff taken back must give what was there
    patch = ["git", "apply", "--reverse", "--whitespace=nowarn", "--unidiff-zero", "-"]
    done = subprocess.run(patch, cwd=tree.root, input=diff, capture_output=True, check=False)
    if done.returncode:
        yield f"the diff is not what was fixed: {done.stderr.decode()[:300]}"
    yield from (f"{path}: --diff and --fix do not agree" for path in changed if path.read_bytes() != before[path])
    for path, data in after.items():
        path.write_bytes(data)
    again = subprocess.run([*command, "--fix", *names], cwd=tree.root, capture_output=True, check=True)
    yield from (f"{path}: --fix again changes it" for path in changed if path.read_bytes() != after[path])
    said = [line for line in again.stderr.decode("utf-8", "replace").splitlines() if " was left out: " not in line]
    yield from (f"--fix again says: {line}" for line in said)
    for path, data in before.items():
        path.write_bytes(data)


def made_wrong(tree: Tree, name: str, every: int) -> Tally:
    """Spoil every so many files, each by itself, in one way, and mend them. Those that have findings as they are do not come
    back whole."""
    tally = Tally()
    for path in list(tree.files())[::every]:
        data = path.read_bytes()
        wrong, places = spoiled(data, name)
        if not places or not compiles(wrong):
            continue
        try:
            safe = tree.mended(path, wrong, False, tally)
            mended = tree.mended(path, safe, True, tally)
        finally:
            tree.leave(path, data)
        tally.files += 1
        tally.places += places
        tally.restored += same(mended, data)
    return tally


def shown(title: str, tally: Tally) -> Iterator[str]:
    yield f"{title}: {tally.files} files, {sum(tally.findings.values())} findings"
    if tally.places:
        yield f"  {tally.places} places spoiled, {tally.restored} files came back as they were"
    for code in sorted({code for counts in tally.applied.values() for code in counts}):
        safe, unsafe = tally.applied[False][code], tally.applied[True][code]
        yield f"  {code}: of {tally.findings[code]} findings {safe} fixed safely, {unsafe} unsafely"
    left = sorted(set(tally.findings) - {code for counts in tally.applied.values() for code in counts})
    if left:
        yield f"  no fix: {', '.join(f'{code} ({tally.findings[code]})' for code in left)}"
    yield from (f"  withheld: {line}" for line in tally.withheld)
    yield from (f"  BROKEN: {line}" for line in tally.faults)


def main() -> int:
    options = argparse.ArgumentParser(description="Hold the fixes to their guarantees in copies of trees.")
    options.add_argument("trees", nargs="+", type=Path, metavar="TREE")
    options.add_argument("--spoil", action="append", choices=[*SPOILINGS, "all"], metavar="WAY", help=", ".join(SPOILINGS))
    options.add_argument("--every", type=int, default=1, metavar="N", help="spoil one of N files")
    chosen = options.parse_args()
    ways = list(SPOILINGS) if "all" in (chosen.spoil or ()) else chosen.spoil or []
    total: Counter[str] = Counter()
    faults = 0
    for origin in chosen.trees:
        with tempfile.TemporaryDirectory() as folder:
            tree = Tree(origin.resolve(), Path(folder))
            for way in ways or ["as it stands"]:
                tally = made_wrong(tree, way, chosen.every) if ways else as_it_stands(tree)
                print("\n".join(shown(f"{origin.name}, {way}", tally)), flush=True)
                total += sum(tally.applied.values(), Counter())
                faults += len(tally.faults)
    print(f"{sum(total.values())} fixes, {faults} guarantees broken")
    print("  " + ", ".join(f"{code} {count}" for code, count in sorted(total.items())))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
