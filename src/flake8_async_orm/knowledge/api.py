"""What members SQLAlchemy's classes have, and of which kind, in every version that is known.

The tables are generated from SQLAlchemy itself (`scripts/generate_api.py`), one for each version, and read when they
are first asked for. Where several versions are meant and they disagree about a kind, the one that allows more holds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from flake8_async_orm.records import record

Kind = Literal["coroutine", "startable", "context", "async_generator", "plain", "property", "attribute"]

#: the versions that there are tables for, oldest first
VERSIONS = ("1.4", "2.0", "2.1")
#: what is meant where nobody says
TARGETS = frozenset({"2.0", "2.1"})

#: the async class -> the sync class that it stands for
TWINS: Mapping[str, str] = {
    "AsyncConnection": "Connection",
    "AsyncEngine": "Engine",
    "AsyncMappingResult": "MappingResult",
    "AsyncResult": "Result",
    "AsyncScalarResult": "ScalarResult",
    "AsyncSession": "Session",
    "AsyncSessionTransaction": "SessionTransaction",
    "AsyncTransaction": "Transaction",
    "AsyncTupleResult": "Result",
    "async_scoped_session": "scoped_session",
    "async_sessionmaker": "sessionmaker",
    "sqlmodel.AsyncSession": "sqlmodel.Session",
}
#: SQLModel's classes -> what they derive from; their tables hold only what they add
BASES: Mapping[str, str] = {"sqlmodel.AsyncSession": "AsyncSession", "sqlmodel.Session": "Session"}


@record
class Api:
    """A member of a class of SQLAlchemy.

    `kind`: coroutine (the call has to be awaited), startable (the call can be awaited and entered with `async with`),
    context (the call can be entered only), async_generator, plain (any other function), property, attribute.
    `versions` are those that have it (`"2.0"`), whatever was asked about.
    """

    cls: str
    name: str
    kind: Kind
    versions: frozenset[str]
    is_classmethod: bool = False
    is_staticmethod: bool = False

    @property
    def is_method(self) -> bool:
        return self.kind not in ("property", "attribute")


@lru_cache(maxsize=1)
def _tables() -> dict[str, dict[str, dict[str, str]]]:
    """Class -> name -> version -> the kind as it is stored, with `class ` or `static ` ahead."""
    merged: dict[str, dict[str, dict[str, str]]] = {}
    for version in VERSIONS:
        resource = files("flake8_async_orm.knowledge").joinpath(f"api_{version.replace('.', '_')}.json")
        table = json.loads(resource.read_text(encoding="utf-8"))
        for cls in table:
            # what a class adds comes last: it may stand for a member of its base in another kind
            for owner in filter(None, (BASES.get(cls), cls)):
                for kind, members in table[owner].items():
                    for name in members.split():
                        merged.setdefault(cls, {}).setdefault(name, {})[version] = kind
    return merged


def classes() -> frozenset[str]:
    """The names of all classes that are known."""
    return frozenset(_tables())


def has_class(cls: str) -> bool:
    return cls in _tables()


@lru_cache(maxsize=4096)
def member(cls: str, name: str, versions: frozenset[str] | None = None) -> Api | None:
    """The member `name` of `cls`, as it is in `versions` (None: in TARGETS); None where no version at all has it.

    Of a member that none of `versions` has, the kind in the others is given.
    """
    stored = _tables().get(cls, {}).get(name)
    if stored is None:
        return None
    meant = [stored[version] for version in VERSIONS if version in stored and version in (versions or TARGETS)]
    kinds = meant or list(stored.values())
    chosen = next((kind for kind in kinds if kind == "startable"), kinds[-1])
    prefix, _, kind = chosen.rpartition(" ")
    return Api(cls, name, _kind(kind), frozenset(stored), prefix == "class", prefix == "static")


def _kind(word: str) -> Kind:
    match word:
        case "coroutine" | "startable" | "context" | "async_generator" | "plain" | "property" | "attribute":
            return word
    raise ValueError(f"the tables know no kind `{word}`")


def has_member(cls: str, name: str, versions: frozenset[str] | None = None) -> bool:
    """Whether one of `versions` (None: any) has the member, or may have: private names are not in the tables."""
    if cls not in _tables() or (name.startswith("_") and not name.endswith("__")) or name in _OF_EVERY_OBJECT:
        return True
    found = _tables()[cls].get(name, {})
    return bool(found if versions is None else versions & found.keys())


_OF_EVERY_OBJECT = frozenset(dir(object)) | {"__annotations__", "__dict__", "__module__", "__slots__", "__weakref__"}


def sync_twin(cls: str) -> str | None:
    """The sync class that the async class `cls` stands for."""
    return TWINS.get(cls)


def missing_on_async(cls: str, name: str, versions: frozenset[str] | None = None) -> bool:
    """Whether the sync twin of `cls` has `name` in some version, and `cls` in none of `versions` (None: in none at all)."""
    twin = TWINS.get(cls)
    return twin is not None and member(twin, name) is not None and not has_member(cls, name, versions)
