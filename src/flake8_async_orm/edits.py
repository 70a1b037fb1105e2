"""Text edits over offsets, and how many of them are applied at once.

An offset is a 0-based count of code points in a file's text.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Literal

from flake8_async_orm.records import record

Safety = Literal["safe", "unsafe", "suggestion"]


@record
class Edit:
    """Put `text` in place of what stands from `start` to before `end`.

    `path` names another file than the one at hand. Two equal edits that are both `mergeable` are made once (an import
    that two fixes need). Raises ValueError for a range that is none.
    """

    start: int
    end: int
    text: str
    path: str | None = None
    mergeable: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"an edit from {self.start} to {self.end} is no range")


@record
class Fix:
    """Edits that mend one finding together, all or none. Raises ValueError if they overlap or are none at all."""

    title: str
    edits: tuple[Edit, ...]
    safety: Safety

    def __post_init__(self) -> None:
        if not self.edits:
            raise ValueError(f"the fix `{self.title}` has no edit")
        ordered = sorted(self.edits, key=_position)
        for before, after in pairwise(ordered):
            if before.path == after.path and before.end > after.start:
                raise ValueError(f"the fix `{self.title}` has edits that overlap")


def _position(edit: Edit) -> tuple[str, int, int]:
    return edit.path or "", edit.start, edit.end


def _in_order(fix: Fix) -> list[tuple[str, int, int]]:
    return sorted(map(_position, fix.edits))


def _touch(one: Edit, other: Edit) -> bool:
    return one.start <= other.end and other.start <= one.end


def _is_merged(edit: Edit, kept: Iterable[Edit]) -> bool:
    return edit.mergeable and edit in kept


def apply(text: str, fixes: Iterable[Fix]) -> tuple[str, list[Fix]]:
    """Apply as many `fixes` to `text` as go together; return the new text and the fixes that were applied.

    Fixes are taken in the order of their first edits. One that overlaps or touches an edit that is already taken, or
    that edits another file, is left out: lint again and come back with it. Raises ValueError for an edit past the end.
    """
    kept: list[Edit] = []
    applied: list[Fix] = []
    for fix in sorted(fixes, key=_in_order):
        if any(edit.path is not None for edit in fix.edits):
            continue
        for edit in fix.edits:
            if edit.end > len(text):
                raise ValueError(f"an edit of the fix `{fix.title}` ends at {edit.end}, the text at {len(text)}")
        new = [edit for edit in fix.edits if not _is_merged(edit, kept)]
        if any(_touch(edit, other) for edit in new for other in kept):
            continue
        kept += new
        applied.append(fix)
    return replace(text, kept), applied


def replace(text: str, edits: Iterable[Edit]) -> str:
    """`text` with all `edits` made. They must not overlap; insertions at one place come in the given order."""
    pieces: list[str] = []
    position = 0
    for edit in sorted(edits, key=_position):
        pieces += (text[position : edit.start], edit.text)
        position = edit.end
    return "".join(pieces) + text[position:]
