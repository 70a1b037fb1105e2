"""Of how many reads of relationships the inference knows the state: `python benchmarks/relationship_reads.py TREE ...`.

The reads are found with `ast` alone: an attribute that is the name of a relationship of a mapped class of the tree, outside of tests, on a
name that holds what a query gave, in the same function or one call away (the function that was called asked, or the caller did and handed it
on). Known is a read of which the linter knows whether it is loaded, or that this is for the caller to see to. The others are listed by why.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from bound_names import asks, bound, handed, queries
from coverage import nature
from syntax_tree import Function, Tree, last, own_nodes, read

from flake8_async_orm.config import Config
from flake8_async_orm.facts import ReceiverRevealed, RelationshipRevealed
from flake8_async_orm.flow import interpret
from flake8_async_orm.project import Workspace
from flake8_async_orm.source import SourceError
from flake8_async_orm.values import Collection, Instance, Value

_QUOTED = re.compile(r"`[^`]*`")
#: the most functions of one name that are looked at
ALIKE = 3
OPEN = frozenset({"maybe", "unknown"})


def reads(tree: Tree) -> dict[Path, set[tuple[int, int, str]]]:
    """For each file the reads: line and column (from 0, in bytes) of the name, and the attribute."""
    names = {attribute for _, attribute in tree.relationships}
    found: dict[Path, set[tuple[int, int, str]]] = defaultdict(set)
    for file in tree.files:
        for function in file.functions if not file.is_test else ():
            asked = bound(function, queries)
            here = asked | bound(function, lambda node: queries(node) or _asks(tree, node))
            found[file.path] |= set(_of(function, here, names))
            for other, callee, parameter in handed(tree, function, asked):
                if not other.is_test:
                    found[other.path] |= set(_of(callee, {parameter}, names))
    return found


def _asks(tree: Tree, node: ast.Call) -> bool:
    known = tree.functions.get(last(node.func), [])
    return 0 < len(known) <= ALIKE and all(asks(function) for _, function in known)


def _of(function: Function, names: set[str], attributes: set[str]) -> Iterator[tuple[int, int, str]]:
    for node in own_nodes(function):
        owner = node.value if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and node.attr in attributes else None
        if isinstance(node, ast.Attribute) and isinstance(owner, ast.Name) and owner.id in names:
            yield node.lineno, node.col_offset, node.attr


def known(path: Path, wanted: set[tuple[int, int, str]], workspace: Workspace) -> Iterator[tuple[tuple[int, int, str], str]]:
    """Each read with why its state is not known; an empty string where it is, "apart" where it is no relationship after all."""
    project = workspace.project_for(str(path))
    source = project.source(project.module_name(str(path)))
    if source is None:
        return
    states: dict[tuple[int, int], set[str]] = defaultdict(set)
    owners: dict[tuple[int, int], list[ReceiverRevealed]] = defaultdict(list)
    for fact in interpret(source, project, reveal=True):
        if isinstance(fact, RelationshipRevealed | ReceiverRevealed):
            line, column = source.line_column(source.span(fact.site.node).start)
            at = line, len(source.lines[line - 1][:column].encode())
            if isinstance(fact, RelationshipRevealed):
                states[at].add(fact.state)
            else:
                owners[at].append(fact)
    for one in sorted(wanted):
        at = one[0], one[1]
        if states[at] - OPEN:
            yield one, ""
        elif states[at]:
            yield one, "the instance may be in several states" if "maybe" in states[at] else "an instance of unknown making"
        else:
            # of `x.a.b` the innermost is `x`
            innermost = max((fact.site.node for fact in owners[at]), default=0)
            yield one, _why([fact.value for fact in owners[at] if fact.site.node == innermost])


def _why(values: list[Value]) -> str:
    """Why nothing is known of an attribute of what is one of these."""
    if not values:
        return "control does not get there"
    natures = [nature(value) for value in values if not isinstance(value, Instance | Collection)]
    return next((why for kind, why in natures if kind in ("unknown", "foreign") and why), "apart")


def report(tree: Tree, examples: int) -> Counter[str]:
    """Print what is known of the reads of a tree, and count it: known, unknown, apart."""
    workspace = Workspace(Config(root=str(tree.root)))
    counts: Counter[str] = Counter()
    unknown: dict[str, list[str]] = defaultdict(list)
    for path, wanted in reads(tree).items():
        try:
            for (line, _, attribute), why in known(path, wanted, workspace) if wanted else ():
                counts["known" if not why else "apart" if why == "apart" else "unknown"] += 1
                if why and why != "apart":
                    unknown[_QUOTED.sub("`...`", why)].append(f"{path.relative_to(tree.root)}:{line} {attribute}")
        except SourceError:
            continue
        workspace.make_room()
    print(f"{tree.root.name[:40]:40} {share(counts):6.1f} %  known {counts['known']}, unknown {counts['unknown']}; apart: {counts['apart']}", flush=True)
    for why, places in sorted(unknown.items(), key=lambda pair: -len(pair[1])):
        print(f"  {len(places):5}  {why}")
        for place in places[:examples]:
            print(f"           {place}")
    return counts


def share(counts: Counter[str]) -> float:
    total = counts["known"] + counts["unknown"]
    return 100 * counts["known"] / total if total else 100.0


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("trees", nargs="+", type=Path, metavar="TREE")
    options.add_argument("--examples", type=int, default=3, help="so many for each reason (default: 3)")
    options.add_argument("--limit", type=float, help="fail where fewer percent are known in all trees together")
    chosen = options.parse_args()
    total: Counter[str] = Counter()
    for root in chosen.trees:
        total += report(read(root.resolve()), chosen.examples)
    if len(chosen.trees) > 1:
        print(f"{'all':40} {share(total):6.1f} %  known {total['known']}, unknown {total['unknown']}; apart: {total['apart']}")
    return int(chosen.limit is not None and share(total) < chosen.limit)


if __name__ == "__main__":
    sys.exit(main())
