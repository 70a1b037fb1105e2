"""How many bugs the linter reports that are put into correct code: `python benchmarks/injected_bugs.py TREE ...`.

Where a bug can be put is found by syntax and names with `ast` alone (`injections.py`). One at a time is put into the text of a file,
which is linted (with the callers' files where it can only show there); it is caught if a finding of its codes is there that was not there before.
The trees are not changed. `--sample N` draws so many of each kind and tree.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from injections import CODES, FINDERS, Injection
from syntax_tree import Tree, read

from flake8_async_orm.config import Config
from flake8_async_orm.linting import findings
from flake8_async_orm.project import Workspace
from flake8_async_orm.source import Source

#: of loader options so many percent must be caught, of all others `--limit`
OPTIONS_LIMIT = 80.0

Seen = Counter[tuple[str, str, str, str]]


@dataclass
class Tally:
    """Bugs by kind: put in, caught, and those that were missed."""

    made: Counter[str] = field(default_factory=Counter)
    caught: Counter[str] = field(default_factory=Counter)
    missed: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def share(self, kind: str) -> float:
        return 100 * self.caught[kind] / self.made[kind] if self.made[kind] else 100.0


class Linter:
    """Lints files of one tree, with other text in place of one of them."""

    def __init__(self, root: Path) -> None:
        self._config = Config(root=str(root))
        self._workspace = Workspace(self._config)
        self._before: dict[Path, Seen] = {}

    def seen(self, path: Path, data: bytes | None = None) -> Seen:
        """The findings of a file."""
        if data is None:
            data = path.read_bytes()
        project = self._workspace.project_for(str(path))
        found = findings.lint(Source.from_bytes(str(path), data), project, self._config, noqa=False, fixes=False)
        self._workspace.make_room()
        return Counter((one.code, one.function, one.message, " ".join(part.text for part in one.related)) for one in found)

    def before(self, path: Path) -> Seen:
        if path not in self._before:
            self._before[path] = self.seen(path)
        return self._before[path]

    def catches(self, bug: Injection) -> bool:
        """Whether a finding of the bug's codes is there that was not there before."""
        paths = (bug.path, *bug.also)
        known = {path: self.before(path) for path in paths}
        self._workspace.overlay(str(bug.path), bug.data.decode())
        try:
            for path in paths:
                new = self.seen(path, bug.data if path == bug.path else None) - known[path]
                if any(one[0].startswith(CODES[bug.kind]) and bug.attribute in " ".join(one) for one in new):
                    return True
            return False
        finally:
            self._workspace.overlay(str(bug.path), None)


def bugs(tree: Tree, kind: str, with_tests: bool) -> list[Injection]:
    """All places of one kind; files with fakes are left out, for nothing in them needs to be what it is called."""
    found: list[Injection] = []
    for file in tree.files:
        if not file.has_fakes and (with_tests or not file.is_test):
            found += FINDERS[kind](tree, file)
    return found


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("trees", nargs="+", type=Path, metavar="TREE")
    options.add_argument("--kind", action="append", choices=list(FINDERS), help="only this kind of bug")
    options.add_argument("--sample", type=int, default=20, metavar="N", help="so many of each kind and tree (default: 20; 0: all)")
    options.add_argument("--seed", type=int, default=1, help="of the sample (default: 1)")
    options.add_argument("--no-tests", action="store_true", help="leave the tests of the trees as they are")
    options.add_argument("--grep", type=re.compile, help="only places whose `path:line text` matches")
    options.add_argument("--show", action="store_true", help="print the file with the bug instead of linting it")
    options.add_argument("--limit", type=float, help="fail where fewer percent of a kind are caught; of loader options 80 will do")
    chosen = options.parse_args()
    total = Tally()
    for root in chosen.trees:
        tree = read(root.resolve())
        linter = Linter(tree.root)
        tally = Tally()
        for kind in chosen.kind or FINDERS:
            places = bugs(tree, kind, not chosen.no_tests)
            if chosen.grep is not None:
                places = [bug for bug in places if chosen.grep.search(f"{bug.name}:{bug.line} {bug.text}")]
            if chosen.sample and len(places) > chosen.sample:
                places = random.Random(chosen.seed).sample(places, chosen.sample)
            for bug in sorted(places, key=lambda bug: (bug.name, bug.line)):
                if chosen.show:
                    print(bug.data.decode())
                    continue
                caught = linter.catches(bug)
                for one in (tally, total):
                    one.made[kind] += 1
                    one.caught[kind] += caught
                if not caught:
                    tally.missed[kind].append(f"{bug.name}:{bug.line} {bug.attribute} {bug.text}")
        print("\n".join(shown(tree.root.name, tally)), flush=True)
    if len(chosen.trees) > 1:
        print("\n".join(shown("all", total)))
    limits = {kind: OPTIONS_LIMIT if kind == "option dropped" else chosen.limit for kind in total.made}
    return int(chosen.limit is not None and any(total.share(kind) < limits[kind] for kind in total.made))


def shown(title: str, tally: Tally) -> list[str]:
    lines = [f"{title}: {sum(tally.caught.values())} of {sum(tally.made.values())} bugs caught"]
    for kind in tally.made:
        lines.append(f"  {kind:22} {tally.share(kind):6.1f} %  {tally.caught[kind]} of {tally.made[kind]}")
        lines += [f"      missed {place}" for place in tally.missed[kind]]
    return lines


if __name__ == "__main__":
    sys.exit(main())
