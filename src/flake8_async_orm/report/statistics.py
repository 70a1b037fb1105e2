"""How many findings of each code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from flake8_async_orm.diagnostics import Diagnostic
from flake8_async_orm.report.colour import Paint


def rows(diagnostics: Sequence[Diagnostic], unsafe: bool = False) -> list[dict[str, object]]:
    """Codes with their counts, the most frequent first. `fixable` counts what `--fix` would mend."""
    counts = Counter((one.code, one.name) for one in diagnostics)
    fixable = Counter(one.code for one in diagnostics if one.fix(unsafe) is not None)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [{"code": code, "name": name, "count": count, "fixable": fixable[code]} for (code, name), count in ordered]


def render(diagnostics: Sequence[Diagnostic], paint: Paint, unsafe: bool = False) -> str:
    table = rows(diagnostics, unsafe)
    width = max((len(str(row["count"])) for row in table), default=1)
    lines = []
    for row in table:
        count = paint(str(row["count"]).rjust(width), "bold")
        mark = paint("[*]", "cyan") if row["fixable"] else "[ ]"
        lines.append(f"{count}  {paint(str(row['code']), 'red', 'bold')}  {mark}  {row['name']}\n")
    return "".join(lines)
