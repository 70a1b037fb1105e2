"""Strings of which pieces are known, and what becomes of them when they are put together."""

from __future__ import annotations

import re
from collections.abc import Callable

from flake8_async_orm.records import record
from flake8_async_orm.values import Site, replace


@record
class Text:
    """A string: known pieces, and None for what is not known. `site` is where its first piece is written.

    `default`: something outside the files may give another in its place.
    """

    parts: tuple[str | None, ...]
    site: Site | None = None
    default: bool = False

    @property
    def whole(self) -> str | None:
        return self.parts[0] if len(self.parts) == 1 else None


Texts = tuple[Text, ...]
HOLE = Text((None,))


def either(*found: Texts | None) -> Texts | None:
    if any(texts is None for texts in found):
        return None
    return tuple(text for texts in found if texts is not None for text in texts)


def each(texts: Texts | None, change: Callable[[Text], Text]) -> Texts | None:
    return tuple(change(text) for text in texts) if texts is not None else None


def joined(left: Texts | None, right: Texts | None) -> Texts | None:
    if left is None and right is None:
        return None
    return tuple(concatenated(first, second) for first in left or (HOLE,) for second in right or (HOLE,))


def concatenated(first: Text, second: Text) -> Text:
    parts: list[str | None] = []
    for part in (*first.parts, *second.parts):
        if parts and part is not None and parts[-1] is not None:
            parts[-1] = parts[-1] + part
        elif not parts or part is not None or parts[-1] is not None:
            parts.append(part)
    kept = [part for part in parts if part != ""] or [""]
    site = first.site if first.parts[0] else (second.site or first.site)
    return Text(tuple(kept), site, first.default or second.default)


def with_holes(text: Text, pattern: str) -> Text:
    found = Text(("",), text.site, text.default)
    for part in text.parts:
        pieces: list[str | None] = [None]
        if part is not None:
            pieces = [piece for each in re.split(f"({pattern})", part) for piece in (each,)]
            pieces = [None if piece is not None and re.fullmatch(pattern, piece) else piece for piece in pieces]
        for piece in pieces:
            found = concatenated(found, Text((piece,)))
    return replace(found, site=text.site)
