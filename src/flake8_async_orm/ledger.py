"""What a body has done with one session or connection: whether it made it, holds a connection, has written, lent it.

A `Ledger` is part of the state of a path; `join` says what is known where two paths meet. What a body did not do
itself is as it was handed over.
"""

from __future__ import annotations

from flake8_async_orm.values import Site, record, replace

#: `Ledger.holds`: as the caller handed it over, no connection, a connection, not known, one where a turn of the loop
#: that made it was left by `break` or `continue`
ENTRY, NOTHING, CONNECTION, MAYBE, BROKEN = "entry", "nothing", "connection", "maybe", "broken"


@record
class Running:
    """Work on a session that was begun or arranged at `site` and not waited for. `kind`: task, background, stream."""

    site: Site
    kind: str


@record
class Ledger:
    """Of one session or connection, on one path.

    `made`: where this body got it as its own. `entered`: a block will close it. `shared`: something else may use, close or keep it.
    `holds`: whether it has a connection out of the pool, `took` the use that took it. `worked`: database work was surely
    done on it. `wrote`: the first write that was, on some path, neither committed nor rolled back since. `running`: see `Running`.
    """

    made: Site | None = None
    cls: str = ""
    entered: bool = False
    shared: bool = False
    holds: str = ENTRY
    took: Site | None = None
    worked: bool = False
    wrote: Site | None = None
    autocommit: bool = False
    running: frozenset[Running] = frozenset()

    def join(self, other: Ledger) -> Ledger:
        """Where two paths meet that both know the session."""
        if self == other:
            return self
        return Ledger(
            _first(self.made, other.made),
            self.cls or other.cls,
            self.entered or other.entered,
            self.shared or other.shared,
            self.holds if self.holds == other.holds else MAYBE,
            _first(self.took, other.took),
            self.worked and other.worked,
            _first(self.wrote, other.wrote),
            self.autocommit or other.autocommit,
            self.running & other.running,
        )

    def alone(self) -> Ledger:
        """Where a path meets one that has not come across the session: what is made here did not exist there."""
        if self.made is not None:
            return self
        return self.join(UNTOUCHED)


UNTOUCHED = Ledger()


def _first(left: Site | None, right: Site | None) -> Site | None:
    return min(left, right) if left is not None and right is not None else left or right


__all__ = ["BROKEN", "CONNECTION", "ENTRY", "MAYBE", "NOTHING", "UNTOUCHED", "Ledger", "Running", "replace"]
