"""Facts about the analysis itself."""

from __future__ import annotations

from dataclasses import dataclass

from flake8_async_orm.facts.base import Fact
from flake8_async_orm.values import Value


@dataclass(frozen=True, slots=True)
class AnalysisFailed(Fact):
    """A file could not be analysed. `reason` is one line without a final full stop; `offset` is a 0-based text offset."""

    reason: str
    line: int = 1
    column: int = 0


@dataclass(frozen=True, slots=True)
class Revealed(Fact):
    """What the inference knows of the expression at `site`, as text. Stated only when asked for."""

    text: str


@dataclass(frozen=True, slots=True)
class CommentSilencedNothing(Fact):
    """A comment that silences findings named `items` (codes, prefixes, names), and there was no finding of these.

    `unknown` says of one of them, in one line, that there is no such rule. A comment is no expression: `site` is the file.
    """

    items: tuple[str, ...]
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class RelationshipRevealed(Fact):
    """The relationship `name` of an instance was read: `state` is what is known of it ("loaded", "unloaded", "entry": as the caller hands it
    over ...; "maybe" and "unknown": nothing). Stated only when asked for."""

    name: str
    state: str


@dataclass(frozen=True, slots=True)
class ReceiverRevealed(Fact):
    """A member of the object at `site` was read; `value` is what the inference knows of the object. Stated only when asked for.

    `muted`: in a block of which nothing else is said, or on the way to a fixed point.
    """

    value: Value
    muted: bool
