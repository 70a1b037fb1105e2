"""What a project's files say of tests: which they are, and of pytest which plugin runs async tests, and whether it takes plain fixtures too. Read, never run."""

from __future__ import annotations

import re
from functools import lru_cache

from flake8_async_orm.project.files import Tree
from flake8_async_orm.project.requirements import REQUIREMENTS, texts

#: files that pytest reads its settings from; of two in one directory both are looked at
CONFIGURATION = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
#: a mode in which async fixtures need no decorator of the plugin's own; another plugin for async tests
_HANDLED = re.compile(
    r"asyncio[_-]mode\W{1,6}(auto|legacy)|anyio_mode|anyio_backend|pytest[_-](trio|twisted|tornasync|aiohttp|sanic)|alt_pytest_asyncio",
    re.IGNORECASE,
)
#: versions of pytest-asyncio before strict mode became the usual one
_OLD = re.compile(r"""pytest[-_]asyncio['"]?\W*(?:version\W*)?(?:[=~^<>!]=?)?\W*0\.(?:\d|1[0-8])\b""", re.IGNORECASE)
#: the names of files that hold tests
_FILE = re.compile(r"(^|[/\\])(test_[^/\\]*|conftest[^/\\]*|[^/\\]*_test)\.py$")


def is_handled(tree: Tree, path: str) -> bool:
    """Whether the files around the test at `path` (absolute) say, or may mean, that plain fixtures may be async."""
    return any(_HANDLED.search(text) or _OLD.search(text) for _, text in texts(tree, path, (*CONFIGURATION, *REQUIREMENTS)))


@lru_cache(4096)
def is_test(path: str) -> bool:
    """Whether the name of a file says that it holds tests."""
    return _FILE.search(path) is not None


__all__ = ["is_handled", "is_test"]
