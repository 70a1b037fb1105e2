"""Transactions of sessions and connections: what begins, uses and ends them, and the blocks that manage them.

Source: SQLAlchemy's "Transactions and Connection Management" and the asyncio extension's API; which members begin one, and which are
refused in a block whose transaction has ended, was found by running 1.4, 2.0 and 2.1.
"""

from __future__ import annotations

from collections.abc import Callable

from flake8_async_orm.facts import TransactionBegunAgain, TransactionEndedInBlock
from flake8_async_orm.flow import recovery
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.knowledge import behaviour, names
from flake8_async_orm.lattice import SessionState, State, without_none
from flake8_async_orm.transaction import BEGUN, ENDED, ENTRY, MAYBE, Block, Transaction
from flake8_async_orm.values import ApiObject, ContextManager, Place, Site, Value, replace

Effect = Callable[[State], None]
_HOLDERS = names.SESSIONS | names.CONNECTIONS
_OBJECTS = frozenset({"AsyncSessionTransaction", "AsyncTransaction", "SessionTransaction", "Transaction"})
#: who expects this error knows what he does
_EXPECTED = frozenset({"sqlalchemy.exc.InvalidRequestError"})


def effect(frame: Frame, receiver: ApiObject, name: str, site: Site) -> Effect | None:
    """What a call of `receiver.name` at `site` does to the transaction, once it runs."""
    if receiver.cls in _OBJECTS:
        if name in ("commit", "rollback", "close") and isinstance(receiver.of, ApiObject):
            return lambda state: _own_ended(state, receiver, name, site)
        return None
    word = behaviour.TRANSACTIONS_OF.get(receiver.cls, {}).get(name)
    if word is None or receiver.place is None:
        return None
    return lambda state: _happened(frame, state, receiver, word, name, site)


def handed_out(state: State, value: Value) -> Value:
    """A session or connection that is yielded from inside a block: whoever gets it is in there too."""
    if not isinstance(value, ApiObject) or value.cls not in _HOLDERS or value.place is None:
        return value
    known = _get(state, value.place)
    if known is None or not known.blocks or known.blocks[-1].closed is not None:
        return value
    return replace(value, flags=value.flags | {("in_block", known.blocks[-1].item)})


def _received(receiver: ApiObject) -> Transaction:
    """The transaction of an object that nothing has been done with here."""
    block = dict(receiver.flags).get("in_block")
    return Transaction(BEGUN, None, (Block(block),)) if isinstance(block, Site) else Transaction()


def _get(state: State, place: Place) -> Transaction | None:
    """The transaction at `place`; None where something else stands there (a fake)."""
    known = state.heap.get(place)
    return (
        known.transaction if isinstance(known, SessionState) else Transaction() if known is None else None
    )


def _set(state: State, place: Place, transaction: Transaction) -> None:
    state.heap[place] = replace(state.session(place), transaction=transaction)


def _happened(frame: Frame, state: State, receiver: ApiObject, word: str, name: str, site: Site) -> None:
    place = receiver.place
    if place is None:
        return
    known = _get(state, place) if place in state.heap else _received(receiver)
    if known is None:
        return
    if known.uses is None and known.begins is None and known.reused is None and not known.blocks:
        # an `add` counts when it is committed
        commits = name == "commit" and receiver.cls in names.SESSIONS and known.phase in (ENTRY, BEGUN)
        if commits or (word == "use" and known.phase == ENTRY):
            known = replace(known, uses=site)
    match word:
        case "use" | "add":
            own = bool(known.blocks) and known.blocks[-1].own
            if word == "use" or not own:
                _used_in_block(frame, receiver.cls, known, site)
            known = replace(used(known, site), looked_up=False)
        case "get":
            looked_up = known.looked_up or known.phase != BEGUN
            known = replace(used(known, site), reused=known.reused, looked_up=looked_up)
        case "end":
            if name == "commit" and receiver.cls in names.SESSIONS:
                _used_in_block(frame, receiver.cls, known, site)
            known = ended(known, name, site)
        case "ask":
            known = known.doubted()
    _set(state, place, known)


def used(known: Transaction, site: Site) -> Transaction:
    """After a use, which begins a transaction where there is none."""
    reused = known.reused or (site if known.phase == ENDED and not known.blocks else None)
    return replace(known, phase=BEGUN, since=known.since if known.phase == BEGUN else site, reused=reused)


def ended(known: Transaction, by: str, site: Site) -> Transaction:
    """After a commit, rollback or close of the session or connection: all blocks around have lost their transaction."""
    blocks = tuple(block if block.closed is not None else Block(block.item, site, by) for block in known.blocks)
    return replace(known, phase=ENDED, since=None, blocks=blocks, looked_up=False)


def _own_ended(state: State, receiver: ApiObject, name: str, site: Site) -> None:
    """`transaction.commit()` on what `as` gave: the block that gave it has lost its transaction."""
    holder = receiver.of
    place = holder.place if isinstance(holder, ApiObject) else None
    known = _get(state, place) if place is not None else None
    if known is None or place is None:
        return
    if known.blocks and receiver.place is not None and known.blocks[-1].item == receiver.place.root:
        last = known.blocks[-1]
        if last.closed is None:
            # what is added after the end of a savepoint goes to the transaction around it
            last = Block(last.item, site, f"own:{name}", ("nested", True) in receiver.flags)
        known = replace(known, blocks=(*known.blocks[:-1], last))
    else:
        known = known.doubted()
    _set(state, place, known)
    recovery.cleared(state, place)


def _used_in_block(frame: Frame, cls: str, known: Transaction, site: Site) -> None:
    block = known.blocks[-1] if known.blocks else None
    if block is None or block.closed is None or _expected(frame):
        return
    how, _, by = block.by.rpartition(":")
    fact = TransactionEndedInBlock(block.closed, names.shown(cls), by, block.item, site, how == "call", how == "own")
    frame.state_fact(fact)


def _expected(frame: Frame) -> bool:
    return any(caught in _EXPECTED for guard in frame.guards for caught in guard.catches)


def forget(state: State, site: Site) -> None:
    """A session or connection is made at `site`, or by a call there: it is not the one that was made in the turn before."""
    for place in [place for place, known in state.heap.items() if isinstance(known, SessionState)]:
        root = place.root
        if root == site or (isinstance(root, tuple) and not isinstance(root, Site) and root[:1] == (site,)):
            state.heap[place] = replace(state.session(place), transaction=Transaction(), failure=None)


def doubt(state: State, place: Place) -> None:
    """Something unseen got the session or connection at `place`."""
    recovery.cleared(state, place)
    known = state.heap.get(place)
    if isinstance(known, SessionState) and known.transaction.phase != MAYBE:
        state.heap[place] = replace(known, transaction=known.transaction.doubted())


# -- begin() and blocks -------------------------------------------------------------------------------------------------


def _holder(manager: Value, bound: Value | None) -> tuple[ApiObject, str] | None:
    """The session or connection whose transaction `manager` manages, and how: begin, begin_nested, or anew."""
    if not isinstance(manager, ContextManager):
        return None
    method = names.last(manager.callee)
    if method not in ("begin", "begin_nested") or manager.callee.partition(".")[0] not in _MANAGING:
        return None
    of = manager.of
    if isinstance(of, ApiObject) and of.cls in _OBJECTS and isinstance(of.of, ApiObject):
        return of.of, method
    if isinstance(bound, ApiObject) and bound.cls in _HOLDERS:
        return bound, "anew"
    return None


_MANAGING = frozenset(names.shown(cls) for cls in (*names.SESSIONS, *names.CONNECTIONS, *names.ENGINES, *names.FACTORIES))


def started(frame: Frame, state: State, manager: Value, bound: Value | None, site: Site, block: bool) -> None:
    """`begin()` or `begin_nested()` was awaited or (`block`) entered at `site`."""
    found = _holder(without_none(manager), bound)
    entered = isinstance(without_none(manager), ContextManager)
    if found is None and entered and isinstance(bound, ApiObject) and bound.cls in _HOLDERS and bound.place in state.heap:
        # what a provider's body did to it until its end is no news of it as it is yielded
        received = _received(bound)
        _set(state, bound.place, received if received.blocks else Transaction(MAYBE))
    place = found[0].place if found is not None else None
    known = _get(state, place) if place is not None else None
    if found is None or known is None or place is None:
        return
    holder, method = found
    call = manager.site if isinstance(manager, ContextManager) and manager.site is not None else site
    if method == "begin_nested":
        recovery.used(frame, state, place, method, call)
    if method != "anew":
        _used_in_block(frame, holder.cls, known, call)
    if method == "begin":
        frame.begins += 1
        if known.phase == BEGUN and not any(b.closed for b in known.blocks) and not _expected(frame):
            frame.state_fact(TransactionBegunAgain(call, names.shown(holder.cls), known.since))
        if known.phase == ENTRY and known.begins is None:
            known = replace(known, begins=call)
    known = used(known, call)
    if block:
        known = replace(known, blocks=(*known.blocks, Block(site)))
    _set(state, place, known)


def left(state: State, manager: Value, bound: Value | None, site: Site) -> None:
    """The block of the item at `site` was left, in whatever way: what it began has ended."""
    manager = without_none(manager)
    if isinstance(manager, ApiObject) and manager.cls in _HOLDERS:
        place, method = manager.place, "close"
    elif isinstance(manager, ContextManager) and isinstance(bound, ApiObject) and bound.cls in _HOLDERS:
        place, method = bound.place, "close" if manager.callee.partition(".")[0] in _MANAGING else "unseen"
    else:
        found = _holder(manager, bound)
        if found is None:
            return
        place, method = found[0].place, found[1]
    known = _get(state, place) if place is not None else None
    if known is None or place is None:
        return
    if known.blocks and known.blocks[-1].item == site:
        known = replace(known, blocks=known.blocks[:-1])
    if method == "unseen":
        known = Transaction(MAYBE)
    elif method != "begin_nested":
        known = replace(known, phase=ENDED, since=None)
    _set(state, place, known)
    recovery.cleared(state, place)
    if method == "begin_nested":
        recovery.sent(state, place, True)


# -- calls of project functions -----------------------------------------------------------------------------------------


def after_call(frame: Frame, known: Transaction, told: Transaction, site: Site) -> Transaction:
    """The caller's transaction after a call at `site` of a function that did what `told` says to it."""
    closed = any(block.closed is not None for block in known.blocks)
    if told.begins is not None and known.phase == BEGUN and not closed and not _expected(frame):
        frame.state_fact(TransactionBegunAgain(site, "", known.since, told.begins))
    if told.uses is not None or (told.phase == BEGUN and told.reused is None and not told.looked_up):
        _used_in_block(frame, "", known, site)
    if told.reused is not None and known.blocks and known.blocks[-1].closed is None and not _expected(frame):
        frame.state_fact(TransactionEndedInBlock(site, "", "", known.blocks[-1].item, told.reused, True))
    begins = known.begins or (told.begins if known.phase == ENTRY else None)
    uses = known.uses or (told.uses if known.phase == ENTRY else None)
    match told.phase:
        case "begun":
            after = replace(used(known, site), looked_up=told.looked_up and known.phase != BEGUN)
            if told.reused is not None and not known.blocks:
                after = replace(after, reused=known.reused or told.reused)
        case "ended":
            after = ended(known, "call:", site)
            after = replace(after, reused=known.reused or told.reused)
        case "entry":
            after = known
        case _:
            after = known.doubted()
    return replace(after, begins=begins, uses=uses)


def changed(before: State, end: State, begins: bool) -> bool:
    """Whether a turn of a loop that began with `before` has left a transaction in which the next one may not do the same.

    `begins`: it calls `begin()`.
    """
    for place, known in end.heap.items():
        if not isinstance(known, SessionState):
            continue
        now, was = known.transaction, before.session(place).transaction
        if now.phase == BEGUN and (begins or now.begins is not None) and was.phase != BEGUN:
            return True
        if any(block.closed is not None for block in now.blocks) and not any(b.closed for b in was.blocks):
            return True
    return False
