"""What the user says of what is out of sight: target versions, factories, providers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from flake8_async_orm.config import Config, SessionProvider, satisfies
from flake8_async_orm.knowledge import api
from flake8_async_orm.values import ApiObject, Because, Callable, ContextManager, Generator, Value

#: the words of the setting -> the class in `knowledge.api`
_GIVES = {
    "async-session": "AsyncSession",
    "session": "Session",
    "async-connection": "AsyncConnection",
    "connection": "Connection",
    "async-engine": "AsyncEngine",
    "engine": "Engine",
    "async-factory": "async_sessionmaker",
    "factory": "sessionmaker",
}


@dataclass(frozen=True)
class Settings:
    """`versions` of SQLAlchemy that are meant, `expire_on_commit` of factories out of sight, `providers` by dotted name.

    With `guesses`, parameters that are known by their name only count; with `maybe_paths`, what holds on some ways through a
    body only.
    """

    versions: frozenset[str] = api.TARGETS
    expire_on_commit: bool | None = None
    providers: Mapping[str, SessionProvider] = field(default_factory=dict)
    guesses: bool = False
    maybe_paths: bool = False

    def given(self, dotted: str) -> ApiObject | None:
        """What the provider `dotted` gives in the end; None where it is no provider."""
        row = self.providers.get(dotted)
        if row is None:
            return None
        flags = () if row.expire_on_commit is None else (("expire_on_commit", row.expire_on_commit),)
        cls = _GIVES[row.gives]
        of = ApiObject("AsyncSession" if cls == "async_sessionmaker" else "Session") if "maker" in cls else None
        return ApiObject(cls, of=of, flags=frozenset(flags), because=Because("session-providers"))

    def how(self, dotted: str) -> str:
        """How one gets at what the provider `dotted` gives; an empty string where it is no provider."""
        row = self.providers.get(dotted)
        return row.how if row is not None else ""

    def read(self, dotted: str) -> Value | None:
        """What reading the name of a provider gives; None where it is no provider."""
        given = self.given(dotted)
        if given is None:
            return None
        match self.providers[dotted].how:
            case "attribute":
                return given
            case "context-manager":
                return Callable(ContextManager(given, "Async" in given.cls, callee=dotted))
            case "async-generator":
                return Callable(Generator(given, dotted, True))
            case "call":
                return Callable(given)
            case _:
                return None


def settings_of(config: Config) -> Settings:
    """The part of the configuration that the interpreter goes by."""
    return _settings(
        config.sqlalchemy_version,
        config.expire_on_commit,
        config.session_providers,
        config.report_guesses,
        config.maybe_paths,
    )


@lru_cache(maxsize=8)
def _settings(
    version: str | None,
    expires: bool | None,
    providers: tuple[SessionProvider, ...],
    guesses: bool,
    maybe_paths: bool,
) -> Settings:
    by_name = {provider.name: provider for provider in providers}
    return Settings(targets(version), expires, by_name, guesses, maybe_paths)


def targets(wanted: str | None) -> frozenset[str]:
    """The versions that there are tables for within `wanted` (`2.0.36`, `>=1.4,<2.1`); None: the usual ones."""
    if wanted is None:
        return api.TARGETS
    bare = wanted.split(".") if wanted.replace(".", "").isdigit() else []
    # a series is meant if any of its releases is
    found = [
        series
        for series in api.VERSIONS
        if (series.split(".")[: len(bare)] == bare[:2] if bare else _meant(series, wanted))
    ]
    return frozenset(found) or api.TARGETS


def _meant(series: str, wanted: str) -> bool:
    return any(satisfies(f"{series}.{release}", wanted) for release in range(100))
