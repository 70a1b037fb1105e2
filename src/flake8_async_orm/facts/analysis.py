"""Facts about the analysis itself."""

from __future__ import annotations

from flake8_async_orm.facts.base import Fact
from flake8_async_orm.records import record
from flake8_async_orm.values import Value


@record
class AnalysisFailed(Fact):
    """A file could not be analysed. `reason` is one line without a final full stop; `offset` is a 0-based text offset."""

    reason: str
    line: int = 1
    column: int = 0


@record
class Revealed(Fact):
    """What the inference knows of the expression at `site`, as text. Stated only when asked for."""

    text: str


@record
class CommentSilencedNothing(Fact):
    """A comment that silences findings named `items` (codes, prefixes, names), and there was no finding of these.

    `unknown` says of one of them, in one line, that there is no such rule. A comment is no expression: `site` is the file.
    """

    items: tuple[str, ...]
    unknown: str = ""


@record
class RelationshipRevealed(Fact):
    """The relationship `name` of an instance was read: `state` is what is known of it ("loaded", "unloaded", "entry": as the caller hands it
    over ...; "maybe" and "unknown": nothing). Stated only when asked for."""

    name: str
    state: str


@record
class ReceiverRevealed(Fact):
    """A member of the object at `site` was read; `value` is what the inference knows of the object. Stated only when asked for.

    `muted`: in a block of which nothing else is said, or on the way to a fixed point.
    """

    value: Value
    muted: bool
