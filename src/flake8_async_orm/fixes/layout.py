"""Moving lines to the right, and adding an item to a list as the list is written."""

from __future__ import annotations

from collections.abc import Iterable

from flake8_async_orm.edits import Edit, replace
from flake8_async_orm.fixes.draft import inserted
from flake8_async_orm.fixes.tree import Tree


def reindented(tree: Tree, start: int, end: int, unit: str, edits: Iterable[Edit] = ()) -> str:
    """The lines from `start` (a line's start) to `end`, moved by `unit`, with `edits` made in them.

    Empty lines stay empty, and a line that begins inside a string literal stays as it is: it is data.
    """
    made: list[Edit] = []
    line = start
    while line < end:
        if tree.text[line : tree.line_end(line)].strip() and not tree.in_string(line):
            made.append(inserted(line, unit))
        line = tree.next_line(line)
    shifted = [Edit(edit.start - start, edit.end - start, edit.text) for edit in (*made, *edits)]
    return replace(tree.text[start:end], shifted)


def appended(tree: Tree, start: int, end: int, comma: bool, item: str, *, mergeable: bool = False) -> tuple[Edit, ...]:
    """Edits that add `item` after the last item of a list: from `start` to `end`, followed by a `comma` or not.

    Where each item has a line of its own, so has the new one, and a comment stays with the item that it is about.
    """
    before = tree.line_start(start)
    continued = tree.text[:before].rstrip("\r\n").endswith("\\")
    if continued or not tree.begins_line(start):
        return (inserted(end, f", {item}", mergeable=mergeable),)
    fresh = tree.newline(before) + tree.margin(start) + item
    line_end = tree.line_end(end)
    rest = tree.text[end:line_end].lstrip(" \t")
    if comma and rest.startswith(","):
        rest = rest[1:].lstrip(" \t")
    if rest and not rest.startswith("#"):
        return (inserted(end, "," + fresh, mergeable=mergeable),)
    if comma:
        return (inserted(line_end, fresh + ",", mergeable=mergeable),)
    if end == line_end:
        return (inserted(end, "," + fresh, mergeable=mergeable),)
    return (inserted(end, ",", mergeable=mergeable), inserted(line_end, fresh, mergeable=mergeable))
