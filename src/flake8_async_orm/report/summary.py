"""What a run came to, in a line or two for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from flake8_async_orm.diagnostics import Diagnostic

#: more findings than this are too many to begin with
MANY = 50
#: so many rules, and so many folders, are named then
NAMED = 8


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def fixing(applied: int, files: int, verb: str) -> str:
    """What was done, or would be: `fixed`, `would fix`, `silenced`, `would silence`."""
    return f"{verb.capitalize()} {counted(applied, 'finding')} in {counted(files, 'file')}."


def summary(diagnostics: Sequence[Diagnostic], files: int, unsafe: bool) -> list[str]:
    """How many findings there are, and which flag fixes how many of them."""
    if not diagnostics:
        return [f"No findings in {counted(files, 'file')}."]
    bad = len({one.path for one in diagnostics})
    where = counted(files, "file") if bad == files else f"{bad} of {files} files"
    lines = [f"Found {counted(len(diagnostics), 'finding')} in {where}."]
    safe = sum(one.fix() is not None for one in diagnostics)
    further = sum(one.fix(unsafe=True) is not None for one in diagnostics) - safe
    if unsafe and safe + further:
        lines.append(f"[*] {safe + further} fixable with `--fix --unsafe-fixes`.")
    elif safe:
        more = f" ({further} more with `--unsafe-fixes`)" if further else ""
        lines.append(f"[*] {safe} fixable with `--fix`{more}.")
    elif further:
        lines.append(f"{further} fixable with `--fix --unsafe-fixes`.")
    return lines


def overview(diagnostics: Sequence[Diagnostic], command: str) -> list[str]:
    """Where many findings are, by rule and folder, and the `command` that makes a baseline of them; nothing for a few."""
    if len(diagnostics) <= MANY:
        return []
    rules = Counter(f"{one.code} {one.name}" for one in diagnostics)
    folders = Counter(one.path.replace("\\", "/").rpartition("/")[0] or "." for one in diagnostics)
    return ["By rule:", *_most(rules), "By folder:", *_most(folders), f"To hear of new ones only: {command}"]


def _most(counts: Counter[str]) -> Iterator[str]:
    """The greatest counts, a line each, and one line for all others."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    width = len(str(ordered[0][1]))
    for name, count in ordered[:NAMED]:
        yield f"  {count:>{width}}  {name}"
    rest = ordered[NAMED:]
    if rest:
        yield f"  {sum(count for _, count in rest):>{width}}  in {len(rest)} more"
