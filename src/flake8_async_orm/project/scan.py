"""A glance at a file's bytes: enough to tell which files are worth parsing for a name."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CLASS = re.compile(rb"^[ \t]*class[ \t]+(\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Words:
    """The names of the classes in a file, and whether it may declare backrefs or map classes imperatively."""

    classes: frozenset[str]
    backref: bool
    imperative: bool


def words(data: bytes) -> Words:
    """The words of a file that holds `data`."""
    return Words(
        frozenset(name.decode("utf-8", "replace") for name in _CLASS.findall(data)),
        b"backref" in data,
        b"map_imperatively" in data or b"mapper(" in data,
    )
