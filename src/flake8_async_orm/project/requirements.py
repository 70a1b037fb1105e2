"""What a project's files say of the versions of what it uses. Read, never run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

from flake8_async_orm import consulted
from flake8_async_orm.project.files import Tree

LOCKS = ("Pipfile.lock", "poetry.lock", "uv.lock", "pdm.lock")
#: files that may say which version of a package there is, besides `requirements*.txt`
REQUIREMENTS = ("pyproject.toml", "setup.cfg", "setup.py", "Pipfile", *LOCKS)

_LOCKED = re.compile(r"""name = "fastapi"\s+version = "0\.(\d+)""")
_REQUIRED = re.compile(r"""(?<![\w.-])fastapi(?:\[[\w\s,-]*\])?["']?\s*(=\s*(?:\{\s*version\s*=\s*)?["'][^"'\n]*|[=~<>!][^"'\n;#]*)""")
_CLAUSE = re.compile(r"(===?|~=|>=|<=|!=|<|>|\^|~)?\s*0\.(\d+)(\.\d+)?")
#: FastAPI 0.N in which dependencies are left before the response is sent
_EARLY = range(106, 118)


def texts(tree: Tree, path: str, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The files called `names`, and `requirements*.txt`, around the file at `path` (absolute), up to the top of its project: name and text."""
    directory = os.path.dirname(path)
    top = tree.boundary(directory)
    while True:
        listing = tree.listing(directory)
        wanted = {name for name in names if listing.get(name) is False}
        wanted |= {n for n, is_dir in listing.items() if n.startswith("requirements") and n.endswith(".txt") and not is_dir}
        for name in sorted(wanted):
            file = os.path.join(directory, name)
            data = consulted.read(file)
            if tree.consulted is not None:
                tree.consulted.file(file, data)
            yield name, (data or b"").decode("utf-8", "replace")
        if directory == top or top is None or os.path.dirname(directory) == directory:
            return
        directory = os.path.dirname(directory)


def leaves_dependencies_early(tree: Tree, path: str) -> bool:
    """Whether the project of `path` surely runs on a FastAPI that leaves dependencies before the response is sent: 0.106 to 0.117."""
    locked: list[bool] = []
    required: list[bool] = []
    for name, text in texts(tree, path, REQUIREMENTS):
        if name in LOCKS:
            locked += [int(minor) in _EARLY for minor in _LOCKED.findall(text)]
        else:
            required += [_is_early(found) for found in _REQUIRED.findall(text)]
    said = locked or required
    return bool(said) and all(said)


def _is_early(written: str) -> bool:
    """Whether all versions that a requirement allows (`==0.110.0`, `= "^0.110"`, `>=0.106,<0.118`) are such."""
    low, high = -1, 10_000
    for operator, minor_text, patch in _CLAUSE.findall(written.lstrip("= {version\"'") if written.startswith("= ") else written):
        minor = int(minor_text)
        if operator in ("", "==", "===", "^", "~") or (operator == "~=" and patch):
            low, high = max(low, minor), min(high, minor)
        elif operator in (">=", ">", "~="):
            low = max(low, minor)
        elif operator == "<":
            high = min(high, minor - (not patch or patch == ".0"))
        elif operator == "<=":
            high = min(high, minor)
    return low in _EARLY and high in _EARLY and low <= high


__all__ = ["leaves_dependencies_early", "texts"]
