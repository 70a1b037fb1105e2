"""What a project's files say of pytest: which plugin runs async tests, and whether it takes plain fixtures too. Read, never run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from flake8_async_orm import consulted
from flake8_async_orm.project.files import Tree

#: files that pytest reads its settings from; of two in one directory both are looked at
CONFIGURATION = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
#: files that may say which version of a plugin there is
REQUIREMENTS = ("pyproject.toml", "setup.cfg", "setup.py", "Pipfile", "Pipfile.lock", "poetry.lock", "uv.lock", "pdm.lock")
#: a mode in which async fixtures need no decorator of the plugin's own; another plugin for async tests
_HANDLED = re.compile(
    rb"asyncio[_-]mode\W{1,6}(auto|legacy)|anyio_mode|anyio_backend|pytest[_-](trio|twisted|tornasync|aiohttp|sanic)|alt_pytest_asyncio",
    re.IGNORECASE,
)
#: versions of pytest-asyncio before strict mode became the usual one
_OLD = re.compile(rb"""pytest[-_]asyncio['"]?\W*(?:version\W*)?(?:[=~^<>!]=?)?\W*0\.(?:\d|1[0-8])\b""", re.IGNORECASE)


def is_handled(tree: Tree, path: str) -> bool:
    """Whether the files around the test at `path` (absolute) say, or may mean, that plain fixtures may be async."""
    return any(_HANDLED.search(data) or _OLD.search(data) for data in _around(tree, path))


def _around(tree: Tree, path: str) -> Iterator[bytes]:
    """The settings and requirements in the directories from that of `path` up to the top of its project."""
    directory = os.path.dirname(path)
    top = tree.boundary(directory)
    while True:
        listing = tree.listing(directory)
        wanted = [name for name in dict.fromkeys((*CONFIGURATION, *REQUIREMENTS)) if listing.get(name) is False]
        wanted += [n for n, is_dir in listing.items() if n.startswith("requirements") and n.endswith(".txt") and not is_dir]
        for name in sorted(wanted):
            file = os.path.join(directory, name)
            data = consulted.read(file)
            if tree.consulted is not None:
                tree.consulted.file(file, data)
            yield data or b""
        if directory == top or top is None or os.path.dirname(directory) == directory:
            return
        directory = os.path.dirname(directory)


__all__ = ["is_handled"]
