"""Changes as unified diffs that `patch` and `git apply` take."""

from __future__ import annotations

import difflib
import os
import re

from flake8_async_orm.report.colour import Paint

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def diff(path: str, before: str, after: str, paint: Paint) -> str:
    """The unified diff of two texts of one file; lines end where a line feed is, whatever else stands there."""
    # the names have to stay relative behind `a/`: from the root, `patch -p1` finds an absolute path
    name = path.replace(os.sep, "/").lstrip("/")
    lines = difflib.unified_diff(_lines(before), _lines(after), _named(f"a/{name}"), _named(f"b/{name}"))
    return "".join(_ended(line, paint) for line in lines)


def _named(name: str) -> str:
    """A file's name as git writes it: with a tab behind it where it has blanks, quoted where that could be mistaken."""
    if any(sign in '"\\' or sign < " " for sign in name):
        escaped = name.replace("\\", r"\\").replace('"', r"\"")
        return '"' + re.sub(r"[\x00-\x1f]", lambda found: f"\\{ord(found[0]):03o}", escaped) + '"'
    return f"{name}\t" if " " in name else name


def _lines(text: str) -> list[str]:
    lines = [line + "\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _ended(line: str, paint: Paint) -> str:
    colour = _COLOURS.get(line[:1])
    body = line.rstrip("\n")
    ending = "\n" if line.endswith("\n") else "\n\\ No newline at end of file\n"
    return (body if colour is None else paint(body, colour)) + ending
