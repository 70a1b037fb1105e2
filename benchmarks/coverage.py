"""How many receivers of awaited calls the inference knows: `python benchmarks/coverage.py TREE ...`.

Counted are the receivers of awaited calls that are named like SQLAlchemy's coroutines (`await x.execute(...)`: `x`), in the modules
that reach SQLAlchemy. A receiver is *known* if it is an object of SQLAlchemy or of another class. `get`, `merge` and `delete` are other
libraries' words as well and counted apart, as are mocks, sync objects and what other libraries' objects give. The receivers that are not known are listed by why.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import libcst as cst

from flake8_async_orm.config import Config
from flake8_async_orm.facts import ReceiverRevealed
from flake8_async_orm.flow import interpret
from flake8_async_orm.flow.render import render
from flake8_async_orm.knowledge import names
from flake8_async_orm.lattice import without_none
from flake8_async_orm.project import Project, Workspace
from flake8_async_orm.project.reach import Reach
from flake8_async_orm.source import Source, SourceError
from flake8_async_orm.values import (
    ApiObject,
    BoundMember,
    Class,
    Constant,
    External,
    Module,
    Object,
    OneOf,
    Super,
    Unknown,
    Value,
)

SURE = frozenset("execute scalar scalars commit rollback flush refresh stream stream_scalars run_sync".split())
DOUBTFUL = frozenset({"get", "merge", "delete"})
_QUOTED = re.compile(r"`[^`]*`")


@dataclass
class Tally:
    """Receivers by what is known of them: async, sync, mock, other, foreign (given by another library's object), unknown.

    `unknown` lists those that are not known, `typed` those that are known to be asynchronous, with what they are.
    """

    counts: Counter[str] = field(default_factory=Counter)
    doubtful: Counter[str] = field(default_factory=Counter)
    unknown: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    typed: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        """The share of known receivers in percent; sync objects and mocks are not counted."""
        return percent(self.counts)


def percent(counts: Counter[str]) -> float:
    known = counts["async"] + counts["other"]
    return 100 * known / (known + counts["unknown"]) if known + counts["unknown"] else 100.0


def nature(value: Value) -> tuple[str, str]:
    """What kind of receiver a value is, and why it is not known if it is not."""
    value = without_none(value)
    match value:
        case ApiObject(cls=cls):
            sync = cls not in names.ASYNC_CLASSES and cls not in names.RESULTS and cls != "AwaitableAttrs"
            return ("sync" if sync else "async"), ""
        case OneOf(options=options):
            found = {nature(option)[0] for option in options}
            for word in ("unknown", "mock", "foreign", "sync", "async"):
                if word in found:
                    return word, "one of several"
            return "other", ""
        case Object(cls=Class(name=name)) if is_mock(name):
            return "mock", ""
        case Unknown(why=why) if "fake" in why or "mock" in why.lower():
            return "mock", why
        case Unknown(why=why):
            return ("foreign" if why.startswith("given by an object of") else "unknown"), why
        case BoundMember(receiver=receiver, name=name):
            kind, why = nature(receiver)
            if kind == "mock":
                return kind, why
            if kind == "foreign" or isinstance(receiver, Object):
                return "foreign", why
            return "unknown", f"member `{name}` of {why}" if why else f"member `{name}` of {describe(receiver)}"
        case External(name=name) | Module(name=name):
            # a module or an object of another library, called by its name
            return ("mock" if is_mock(name) else "other"), ""
        case Super(receiver=receiver):
            return nature(receiver)
        case Constant():
            return "unknown", type(value).__name__
        case _:
            return "other", ""


def is_mock(dotted: str) -> bool:
    return dotted.startswith(("unittest.mock", "mock.", "pytest_mock", "asynctest"))


def describe(value: Value) -> str:
    return f"an object of `{value.cls.name}`" if isinstance(value, Object) else type(value).__name__


def receivers(source: Source) -> Iterator[tuple[int, str]]:
    """The receivers of awaited calls in a file, as node numbers, with the name of what is called."""
    for node in source.nodes:
        if not isinstance(node, cst.Await) or not isinstance(node.expression, cst.Call):
            continue
        called = node.expression.func
        if isinstance(called, cst.Attribute) and called.attr.value in SURE | DOUBTFUL:
            yield source.number(called.value), called.attr.value


def look(source: Source, project: Project, tally: Tally, tree: Path) -> None:
    """Count the receivers of one file."""
    wanted = list(receivers(source))
    if not wanted:
        return
    found: dict[int, list[Value]] = defaultdict(list)
    muted: dict[int, list[Value]] = defaultdict(list)
    for fact in interpret(source, project, reveal=True):
        if isinstance(fact, ReceiverRevealed):
            (muted if fact.muted else found)[fact.site.node].append(fact.value)
    for number, name in wanted:
        span = source.span(number)
        line = source.line_column(span.start)[0]
        text = source.text[span.start : span.end].split("\n")[0]
        try:
            path = str(Path(source.path).relative_to(tree))
        except ValueError:
            path = source.path
        place = f"{path}:{line} {text}.{name}"
        # one that is known under one way of calling the function is known
        values = found.get(number) or muted.get(number) or []
        kinds = sorted(map(nature, values), key=lambda kind: kind[0] == "unknown")
        kind, why = kinds[0] if kinds else ("unknown", "control does not get there")
        if name in DOUBTFUL:
            tally.doubtful[kind] += 1
            continue
        tally.counts[kind] += 1
        if kind == "unknown":
            tally.unknown[_QUOTED.sub("`...`", why)].append(f"{place}  ({why})")
        elif kind == "async":
            shown = sorted({render(value) for value in values if nature(value)[0] != "unknown"})
            tally.typed.append(f"{place}  {' / '.join(shown)}")


def cover(tree: Path) -> Tally:
    """Count the receivers of all files of a tree."""
    tally = Tally()
    workspace = Workspace(Config())
    reaches: dict[int, Reach] = {}
    for path in python_files(tree):
        project = workspace.project_for(str(path))
        reach = reaches.setdefault(id(project), Reach(project))
        data = path.read_bytes()
        if b"await" not in data or not reach.matters(str(path), data):
            continue
        source = project.source(project.module_name(str(path)))
        if source is None or Path(source.path) != path:
            source = Source.from_bytes(str(path), data)
        try:
            look(source, project, tally, tree)
        except SourceError:
            continue
        finally:
            workspace.make_room()
    return tally


def python_files(tree: Path) -> list[Path]:
    if tree.is_file():
        return [tree]
    return sorted(path for path in tree.rglob("*.py") if not any(part.startswith(".") for part in path.parts[1:]))


def report(tree: Path, tally: Tally, examples: int, pattern: re.Pattern[str] | None) -> None:
    counts, doubtful = tally.counts, tally.doubtful
    print(
        f"{tree.name[:40]:40} {tally.share:6.1f} %  async {counts['async']}, other {counts['other']}, "
        f"unknown {counts['unknown']}; apart: sync {counts['sync']}, mocks {counts['mock']}, foreign {counts['foreign']}; "
        f"get, merge, delete {percent(doubtful):.1f} % of {sum(doubtful.values())}",
        flush=True,
    )
    for why, places in sorted(tally.unknown.items(), key=lambda pair: -len(pair[1])):
        shown = [place for place in places if pattern is None or pattern.search(place)]
        if examples and shown:
            print(f"  {len(places):5}  {why}")
            for place in shown[:examples]:
                print(f"           {place}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("trees", nargs="+", type=Path, help="directories or files of Python code")
    parser.add_argument(
        "--examples", type=int, default=3, help="so many examples for each reason (default: 3; 0: none)"
    )
    parser.add_argument("--grep", type=re.compile, help="show the examples that match only")
    parser.add_argument("--typed", action="store_true", help="list the receivers that are known as well")
    parser.add_argument("--sample", type=int, default=0, help="list so many of all known receivers, drawn at random")
    parser.add_argument("--seed", type=int, default=1, help="of the sample (default: 1)")
    parser.add_argument("--limit", type=float, help="fail where the share of a tree is smaller (in percent)")
    arguments = parser.parse_args()
    shares, typed = [], []
    for tree in arguments.trees:
        tally = cover(tree.resolve())
        report(tree.resolve(), tally, arguments.examples, arguments.grep)
        if arguments.typed:
            print("\n".join(f"    {place}" for place in tally.typed))
        shares.append(tally.share)
        typed += [f"{tree.name}/{place}" for place in tally.typed]
    if len(shares) > 1:
        print(f"{'median':40} {statistics.median(shares):6.1f} %")
    drawn = random.Random(arguments.seed).sample(sorted(typed), min(arguments.sample, len(typed)))
    print("\n".join(f"sample {place}" for place in sorted(drawn)), end="\n" if drawn else "")
    return int(arguments.limit is not None and min(shares) < arguments.limit)


if __name__ == "__main__":
    sys.exit(main())
