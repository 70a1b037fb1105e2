"""Which file is which module.

A file's name is relative to its *own root*, found from the file alone: a configured or declared source directory,
`src`, the directory above its outermost package, or the top of its project. So a file has one name, however it is
reached. A name is looked up in the own root of the file that asks, then in the other roots of its project, then
around it.
"""

from __future__ import annotations

import fnmatch
import os
import re
import sys
from collections.abc import Iterator, Sequence

from flake8_async_orm import consulted
from flake8_async_orm.consulted import Consulted
from flake8_async_orm.knowledge import names
from flake8_async_orm.project.settings import MARKERS, PACKAGING, TOPS, Packaging, read_packaging
from flake8_async_orm.records import record

_SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages", "venv", "env", "build", "dist"})
#: directories deeper than this below the top of a repository are not looked at for sibling projects
_SIBLING_DEPTH = 3
_SIBLING_DIRECTORIES = 3000


@record
class Located:
    """A module: its one name, and its file (None: a namespace package, which has none)."""

    name: str
    path: str | None
    is_package: bool


class Tree:
    """Directory listings and packaging files, each read once. Directories that cannot be read are empty."""

    def __init__(self, src: Sequence[str] = (), consulted: Consulted | None = None) -> None:
        #: takes down what is asked of the disk
        self.consulted = consulted
        #: configured source roots, absolute
        self.src = tuple(os.path.abspath(directory) for directory in src)
        self.forget()

    def forget(self) -> None:
        """Read everything afresh when it is asked for again."""
        self._listings: dict[str, dict[str, bool]] = {}
        #: those that were taken down as a whole
        self._listed: set[str] = set()
        self._packaging: dict[str, Packaging] = {}
        self._own_roots: dict[str, str] = {}
        self._boundaries: dict[str, str | None] = {}
        self._declared_roots: dict[str, tuple[str, ...]] = {}
        self._siblings: dict[str, tuple[str, ...]] = {}

    def _names(self, directory: str) -> dict[str, bool]:
        found = self._listings.get(directory)
        if found is None:
            found = self._listings[directory] = consulted.listing(directory)
        return found

    def listing(self, directory: str) -> dict[str, bool]:
        """The names in `directory`, and whether each is a directory."""
        found = self._names(directory)
        if self.consulted is not None and directory not in self._listed:
            self._listed.add(directory)
            self.consulted.directory(directory, found)
        return found

    def marked(self, directory: str) -> dict[str, bool]:
        """The names in `directory`, for who looks for those in `consulted.MARKS` only."""
        found = self._names(directory)
        if self.consulted is not None:
            self.consulted.marks(directory, found)
        return found

    def has_file(self, directory: str, name: str) -> bool:
        return self.listing(directory).get(name) is False

    def has_directory(self, directory: str, name: str) -> bool:
        return self.listing(directory).get(name) is True

    def is_package(self, directory: str) -> bool:
        listing = self.marked(directory)
        return "__init__.py" in listing or "__init__.pyi" in listing

    def packaging(self, directory: str) -> Packaging:
        found = self._packaging.get(directory)
        if found is None:
            if self.consulted is not None:
                for path in (os.path.join(directory, name) for name in PACKAGING):
                    self.consulted.file(path, consulted.read(path))
            found = self._packaging[directory] = read_packaging(directory, self.marked(directory))
        return found

    # -- roots ------------------------------------------------------------------------------------------------------

    def boundary(self, directory: str) -> str | None:
        """The nearest directory upwards, itself included, that is the top of a project."""
        if directory in self._boundaries:
            return self._boundaries[directory]
        listing = self.marked(directory)
        above = os.path.dirname(directory)
        if any(marker in listing for marker in MARKERS):
            found: str | None = directory
        else:
            found = None if above == directory else self.boundary(above)
        self._boundaries[directory] = found
        return found

    def declared_roots(self, boundary: str) -> tuple[str, ...]:
        """The source roots of the project whose top is `boundary`, the most special first."""
        known = self._declared_roots.get(boundary)
        if known is not None:
            return known
        packaging = self.packaging(boundary)
        hints = [os.path.join(boundary, root) for root in (*packaging.hints, "src")]
        roots = [os.path.join(boundary, root) for root in packaging.roots]
        roots += [root for root in hints if self.listing(root) and not self.is_package(root)]
        below = [root for root in map(os.path.normpath, roots) if root != boundary and _inside(root, boundary)]
        found = self._declared_roots[boundary] = tuple(dict.fromkeys([*below, boundary]))
        return found

    def own_root(self, path: str) -> str:
        """The source root of the file at `path` (absolute), found from the file alone."""
        directory = os.path.dirname(path)
        found = self._own_roots.get(directory)
        if found is None:
            found = self._own_roots[directory] = self._find_own_root(directory)
        return found

    def _find_own_root(self, directory: str) -> str:
        boundary = self.boundary(directory)
        declared = () if boundary is None else tuple(root for root in self.declared_roots(boundary) if root != boundary)
        holding = [root for root in (*self.src, *declared) if _inside(directory, root)]
        if holding:
            return max(holding, key=len)
        top = directory
        while self.is_package(top) and top != boundary and os.path.dirname(top) != top:
            top = os.path.dirname(top)
        if top != directory or boundary is None:
            return top
        return boundary

    def outer_roots(self, root: str) -> Iterator[tuple[str, ...]]:
        """Further roots, nearest first: those of the project of `root`, of the projects around it, of their siblings."""
        directory: str | None = root
        while directory is not None:
            boundary = self.boundary(directory)
            if boundary is None:
                return
            yield self.declared_roots(boundary)
            above = os.path.dirname(boundary)
            if ".git" in self.marked(boundary) or above == boundary or self.boundary(above) is None:
                yield self.siblings(self._top(boundary))
                return
            directory = above

    def _top(self, boundary: str) -> str:
        """The top of the repository that the outermost project is in, where nothing but its settings tells: itself if nothing does."""
        directory = boundary
        if ".git" not in self.marked(boundary):
            for _ in range(_SIBLING_DEPTH):
                directory = os.path.dirname(directory)
                if any(name in self.marked(directory) for name in TOPS):
                    return directory
        return boundary

    def siblings(self, top: str) -> tuple[str, ...]:
        """The source roots of the projects below the repository at `top`."""
        if top not in self._siblings:
            found: list[str] = []
            members = self.packaging(top).members
            level = [top]
            looked_at = 0
            for _ in range(_SIBLING_DEPTH):
                below: list[str] = []
                for directory in level:
                    for name, is_directory in sorted(self.listing(directory).items()):
                        looked_at += is_directory
                        if is_directory and not name.startswith(".") and name not in _SKIPPED:
                            below.append(os.path.join(directory, name))
                if looked_at > _SIBLING_DIRECTORIES:
                    break
                level = [directory for directory in below if not self.is_package(directory)]
                for directory in level:
                    relative = os.path.relpath(directory, top).replace(os.sep, "/")
                    listing = self.listing(directory)
                    is_member = any(fnmatch.fnmatch(relative, member) for member in members)
                    if is_member or any(marker in listing for marker in MARKERS):
                        found += self.declared_roots(directory)
            self._siblings[top] = tuple(dict.fromkeys(found))
        return self._siblings[top]

    # -- names ------------------------------------------------------------------------------------------------------

    def module_name(self, path: str) -> str:
        """The dotted name of the module at `path` (absolute)."""
        relative = os.path.relpath(path, self.own_root(path))
        stem = relative[: -len(".pyi")] if relative.endswith(".pyi") else os.path.splitext(relative)[0]
        parts = [part.replace(".", "_") for part in stem.split(os.sep) if part not in ("", ".")]
        if parts and parts[-1] == "__init__" and len(parts) > 1:
            parts.pop()
        return ".".join(parts)

    def below(self, root: str, parts: Sequence[str]) -> Located | None:
        """The module `parts` in `root`. A regular package or module wins over a directory without `__init__`."""
        directory = root
        for part in parts[:-1]:
            if not self.has_directory(directory, part):
                return None
            directory = os.path.join(directory, part)
        last = parts[-1]
        listing = self.listing(directory)
        inner = os.path.join(directory, last)
        if listing.get(last) is True:
            below = self.listing(inner)
            for name in ("__init__.py", "__init__.pyi"):
                if below.get(name) is False:
                    path = os.path.join(inner, name)
                    return Located(self.module_name(path), path, True)
        for suffix in (".py", ".pyi"):
            if listing.get(last + suffix) is False:
                path = os.path.join(directory, last + suffix)
                return Located(self.module_name(path), path, False)
        if listing.get(last) is True and last.isidentifier():
            return Located(".".join(parts), None, True)
        return None

    def modules(self, directory: str, limit: int) -> Iterator[str]:
        """The paths of the modules below `directory`, at most `limit`, in a stable order."""
        waiting = [directory]
        while waiting and limit > 0:
            here = waiting.pop()
            below: list[str] = []
            for name, is_directory in sorted(self.listing(here).items()):
                if is_directory:
                    if not name.startswith(".") and name not in _SKIPPED:
                        below.append(os.path.join(here, name))
                elif name.endswith(".py") and limit > 0:
                    limit -= 1
                    yield os.path.join(here, name)
            waiting += reversed(below)


class Locator:
    """Module names to files, as one project sees them. `root` is the project's own source root."""

    def __init__(self, tree: Tree, root: str) -> None:
        self.tree = tree
        self.root = root
        self.forget()

    def forget(self) -> None:
        """Look everything up afresh."""
        self._memo: dict[tuple[str, str], Located | None] = {}
        self._holding: dict[tuple[str, str], tuple[str, ...]] = {}
        #: files that are not reached by their own name from the project's roots
        self._given: dict[str, Located] = {}

    def locate(self, dotted: str, importer: str | None = None) -> Located | None:
        """The module `dotted` as the file `importer` would import it, or None where the project has none.

        The answer carries the module's one name, which locates it again without an importer.
        """
        given = self._given.get(dotted) if importer is None else None
        if given is not None:
            return given
        key = (dotted, "" if importer is None else os.path.dirname(importer))
        if key not in self._memo:
            found = None if self._is_library(dotted, importer) else self._search(dotted, importer)
            self._memo[key] = found if found is None or found.path is None else self._named(found)
        return self._memo[key]

    def _is_library(self, dotted: str, importer: str | None) -> bool:
        """Whether `dotted` is SQLAlchemy's own, asked for from outside: tables tell more of it than its source."""
        if importer is None or not names.is_sqlalchemy(dotted):
            return False
        return not self.tree.has_directory(self.tree.own_root(importer), dotted.partition(".")[0])

    def child(self, package: Located, name: str) -> Located | None:
        """The module `name` of a package, or None."""
        if package.path is None:
            return self.locate(f"{package.name}.{name}")
        if not package.is_package:
            return None
        found = self.tree.below(os.path.dirname(package.path), [name])
        return self._named(found) if found is not None and found.path is not None else None

    def file(self, path: str) -> Located:
        """The module at `path` (absolute), whether or not an import would find it."""
        is_package = os.path.basename(path) in ("__init__.py", "__init__.pyi")
        return self._named(Located(self.tree.module_name(path), path, is_package))

    def owns(self, dotted: str, importer: str | None = None) -> bool:
        """Whether the package or module that `dotted` begins with is the project's: then what it lacks is nowhere."""
        located = self.locate(dotted.partition(".")[0], importer)
        return located is not None and located.path is not None

    def _named(self, found: Located) -> Located:
        """`found` with a name by which the project finds it and nothing else: its own, if nothing is ahead of it."""
        assert found.path is not None
        other = self._search(found.name, None)
        if other is not None and other.path == found.path:
            return found
        if other is None or other.path is None:
            self._given.setdefault(found.name, found)
            if self._given[found.name].path == found.path:
                return found
        mark = re.sub(r"\W", "_", os.path.relpath(found.path, os.path.dirname(self.root)))
        named = Located(f"{found.name}@{mark}", found.path, found.is_package)
        self._given[named.name] = named
        return named

    def _search(self, dotted: str, importer: str | None) -> Located | None:
        parts = dotted.split(".")
        if not all(parts):
            return None
        namespace: Located | None = None
        for root in self._roots_with(parts[0], importer):
            found = self.tree.below(root, parts)
            if found is not None and found.path is not None:
                return found
            namespace = namespace or found
            if self._is_regular(root, parts[0]):
                return None
        return namespace

    def _roots_with(self, first: str, importer: str | None) -> tuple[str, ...]:
        """The roots to be searched that hold a package or module `first`, in their order."""
        key = (first, "" if importer is None else os.path.dirname(importer))
        found = self._holding.get(key)
        if found is None:
            files = (first + ".py", first + ".pyi")
            roots = dict.fromkeys(self._roots(first, importer))
            found = self._holding[key] = tuple(
                root
                for root in roots
                if self.tree.has_directory(root, first) or any(self.tree.has_file(root, name) for name in files)
            )
        return found

    def _is_regular(self, root: str, first: str) -> bool:
        """Whether `first` is a regular package or a module of `root`, so that the search ends here."""
        if self.tree.has_directory(root, first) and self.tree.is_package(os.path.join(root, first)):
            return True
        return self.tree.has_file(root, first + ".py")

    def _roots(self, first: str, importer: str | None) -> Iterator[str]:
        own = self.root if importer is None else self.tree.own_root(importer)
        yield own
        if first in sys.stdlib_module_names:
            return
        yield self.root
        yield from self.tree.src
        outer = self.tree.outer_roots(own)
        nearest = next(outer, ())
        yield from nearest
        if importer is not None:
            yield from self._beside(first, importer, own)
        for roots in outer:
            yield from roots

    def _beside(self, first: str, importer: str, own: str) -> Iterator[str]:
        """The directories from `own` down to that of `importer`, where no package says how it is imported."""
        directory = os.path.dirname(importer)
        if self.tree.is_package(directory) or not _inside(directory, own):
            return
        boundary = self.tree.boundary(directory)
        if first in _EXTERNAL or (boundary is not None and first.lower() in self.tree.packaging(boundary).declared):
            return
        relative = os.path.relpath(directory, own)
        here = own
        for part in relative.split(os.sep):
            here = os.path.normpath(os.path.join(here, part))
            yield here


def _inside(directory: str, root: str) -> bool:
    return directory == root or directory.startswith(root.rstrip(os.sep) + os.sep)


#: packages that are never a folder beside a script
_EXTERNAL = frozenset(
    [
        "sqlalchemy",
        "sqlmodel",
        "pydantic",
        "pydantic_settings",
        "fastapi",
        "starlette",
        "litestar",
        "aiohttp",
        "redis",
        "celery",
        "alembic",
        "asyncpg",
        "aiosqlite",
        "advanced_alchemy",
        "dishka",
        "dependency_injector",
        "pytest",
        "typing_extensions",
        "flask",
        "django",
        "httpx",
        "requests",
        "uvicorn",
        "sanic",
        "quart",
        "taskiq",
        "arq",
        "dramatiq",
        "strawberry",
        "graphene",
        "jwt",
        "jose",
        "passlib",
        "loguru",
        "structlog",
        "sentry_sdk",
        "boto3",
        "aioboto3",
        "elasticsearch",
        "kafka",
        "aiokafka",
        "telegram",
        "aiogram",
        "openai",
        "anthropic",
        "prometheus_client",
        "opentelemetry",
        "minio",
        "docker",
        "kubernetes",
        "stripe",
        "websockets",
        "jinja2",
        "yaml",
    ]
)
