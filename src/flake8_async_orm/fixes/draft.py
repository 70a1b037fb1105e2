"""What a builder gives back, before it is a `Fix`."""

from __future__ import annotations

from dataclasses import dataclass

from flake8_async_orm.edits import Edit, Safety

_GRADES: tuple[Safety, ...] = ("safe", "unsafe", "suggestion")


@dataclass(frozen=True, slots=True)
class Draft:
    """Edits, and the best grade that they deserve as the text is."""

    edits: tuple[Edit, ...]
    grade: Safety = "safe"


def lower(*grades: Safety) -> Safety:
    """The most careful of some grades."""
    return max(grades, key=_GRADES.index)


def inserted(offset: int, text: str, *, mergeable: bool = False) -> Edit:
    return Edit(offset, offset, text, mergeable=mergeable)
