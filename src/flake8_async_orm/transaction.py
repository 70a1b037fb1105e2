"""What is known of the transaction of a session or connection, and how two paths of it meet.

`phase`: `entry` (as the caller has it), `begun`, `ended`, or `maybe` where paths disagree or something unseen had the session.
"""

from __future__ import annotations

from flake8_async_orm.values import Site, record, replace

ENTRY, BEGUN, ENDED, MAYBE = "entry", "begun", "ended", "maybe"


@record
class Block:
    """A `with` block that manages the transaction: the site of its item, and where the transaction was ended inside it."""

    item: Site
    closed: Site | None = None
    #: the member that ended it
    by: str = ""
    #: it was ended by the object that `as` gave, which leaves those around alone
    own: bool = False


@record
class Transaction:
    """`since`: what began it. `begins`: a `begin()` that met it as the caller has it, `uses` a use. `reused`: the first use after it
    had ended here.

    All of it holds on every path, but `looked_up`.
    """

    phase: str = ENTRY
    since: Site | None = None
    blocks: tuple[Block, ...] = ()
    begins: Site | None = None
    reused: Site | None = None
    #: only by `get()`, which may have found the row in the session and asked nothing of the database
    looked_up: bool = False
    uses: Site | None = None

    def join(self, other: Transaction) -> Transaction:
        if self == other:
            return self
        phase = self.phase if self.phase == other.phase else MAYBE
        return Transaction(
            phase,
            _both(self.since, other.since) if phase == BEGUN else None,
            _blocks(self.blocks, other.blocks),
            _both(self.begins, other.begins),
            _both(self.reused, other.reused),
            self.looked_up or other.looked_up,
            _both(self.uses, other.uses),
        )

    def doubted(self) -> Transaction:
        """After something unseen had the session."""
        return Transaction(MAYBE, None, tuple(replace(block, closed=None, by="") for block in self.blocks))


def _both(left: Site | None, right: Site | None) -> Site | None:
    return min(left, right) if left is not None and right is not None else None


def _blocks(left: tuple[Block, ...], right: tuple[Block, ...]) -> tuple[Block, ...]:
    if [block.item for block in left] != [block.item for block in right]:
        return ()
    joined: list[Block] = []
    for mine, yours in zip(left, right, strict=True):
        closed = _both(mine.closed, yours.closed)
        by = "" if closed is None else mine.by if closed == mine.closed else yours.by
        joined.append(Block(mine.item, closed, by, mine.own or yours.own))
    return tuple(joined)
