"""What a run came to, in a line or two for people."""

from __future__ import annotations

from collections.abc import Sequence

from flake8_async_orm.diagnostics import Diagnostic


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
