"""What sessions do to the instances that they hold: flush, commit, roll back, refresh, close.

The transitions follow SQLAlchemy's documentation ("State Management", "Preventing Implicit IO when Using AsyncSession", error xd2s) and were
confirmed by running 1.4, 2.0 and 2.1.
"""

from __future__ import annotations

from flake8_async_orm.flow import associations, expiry, flushing, unflushed
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.identity import MADE, exonerate, held_by, instances_in, keyed_there, others, subfamily
from flake8_async_orm.flow.loading import (
    NEW,
    STALE,
    apply_loads,
    below,
    by_mapping,
    is_async,
    key_loaded,
    reloaded,
    remember,
    renew,
    state_of,
    tracked,
)
from flake8_async_orm.flow.reattaching import attached_again
from flake8_async_orm.lattice import ACCUSING, HANDED, InstanceState, SessionState, State, join_instances, join_life
from flake8_async_orm.transaction import BEGUN, ENDED
from flake8_async_orm.values import ApiObject, Instance, Place, Site, Value, replace

#: lives in which a commit may expire an instance
_ENDING = frozenset({"persistent", "attached", "either"})


def added(frame: Frame, state: State, session: ApiObject, value: Value) -> None:
    """`session.add(x)`, `add_all([...])`."""
    for instance in instances_in(value):
        known = state_of(frame, state, instance)
        if known is None or instance.place is None:
            continue
        if known.life == "transient":
            pending = replace(known, life="pending", session=session.place, session_async=is_async(session))
            state.heap[instance.place] = replace(pending, early=frozenset())
            if known.early:
                unflushed.added(frame, state, instance.place, pending)
            associations.follow(frame, state, instance.place)
        elif known.life == "detached":
            again = attached_again(frame, state, session, known)
            state.heap[instance.place] = replace(again, life="persistent")
        elif known.life == "deleted":
            state.heap[instance.place] = replace(known, life="persistent")
        elif known.life == "unknown":
            state.heap[instance.place] = replace(
                known, life="attached", session=session.place, session_async=is_async(session)
            )


def deleted(frame: Frame, state: State, session: ApiObject, value: Value) -> None:
    """`await session.delete(x)`: it goes with the flush, and what hangs on it may go as well; its columns stay readable."""
    for instance in instances_in(value):
        known = state_of(frame, state, instance)
        if known is None or instance.place is None:
            continue
        mapped = frame.program.project.mapped(known.model)
        if known.life == "removed":
            continue
        if known.life == "detached":
            # it is attached again for that
            known = replace(attached_again(frame, state, session, known), life="deleted")
        if mapped is None or known.life not in ("persistent", "deleted", "either"):
            state.heap[instance.place] = replace(known.doubted(), life="unknown")
            continue
        going = [attribute for attribute in mapped.tracked if attribute.deletes]
        marks = {a.name: "maybe" for a in going if known.attributes.get(a.name) in ACCUSING}
        state.heap[instance.place] = replace(known.set(marks), life="deleted")
        exonerate(frame, state, instance.place)
        for place, other in others(frame, state, instance.place):
            state.heap[place] = replace(other, life=join_life(other.life, "deleted"))
        targets = {attribute.target for attribute in going}
        for place, other in held_by(state, session.place):
            if other.model in targets:
                state.heap[place] = replace(other.doubted(), life="unknown")


def _expired(known: InstanceState, site: Site, by: str) -> InstanceState:
    """`known` with everything out of date."""
    attributes = {name: "raises" if mark == "raises" else "expired" for name, mark in known.attributes.items()}
    return replace(
        associations.forget(known),
        attributes=attributes,
        columns="expired",
        life="persistent",
        expired=site,
        expired_by=by,
        changed=frozenset(),
        computed=frozenset(),
        touched=False,
        fresh=False,
    )


def commit(frame: Frame, state: State, session: ApiObject, site: Site) -> None:
    """Everything is flushed, and expires where the session is set to that."""
    flushing.flush(frame, state, session.place, site)
    _leave_to_callers(state)
    expires = expiry.of(frame, session)
    _forget_rows(state, session.place, expires is True)
    for place, known in held_by(state, session.place):
        if known.life == "removed":
            detach(state, place, known, site)
    held = [(p, known) for p, known in held_by(state, session.place) if known.life in _ENDING]
    if not held:
        return
    for place, known in held:
        if known.life == "either":
            expired = _expired(known, site, "commit") if expires is not False else known
            state.heap[place] = replace(join_instances(known, expired), life="either")
            continue
        if expires is True:
            state.heap[place] = _expired(known, site, "commit")
        elif expires is False:
            state.heap[place] = replace(known, life="persistent", fresh=False)
        else:
            mark = "committed" if expires is expiry.CALLERS else "maybe"
            fine = {"loaded", "entry", "read"}
            attributes = {name: mark if old in fine else old for name, old in known.attributes.items()}
            columns = mark if known.columns in fine else known.columns
            gone = (site, "commit") if columns == "committed" else (known.expired, known.expired_by)
            state.heap[place] = replace(
                known,
                attributes=attributes,
                columns=columns,
                life="persistent",
                expired=gone[0],
                expired_by=gone[1],
                fresh=False,
            )


def perhaps_ended(state: State, session: Place) -> None:
    """A transaction may have ended: what was there may have expired."""
    for place, known in held_by(state, session):
        fine = HANDED | {"loaded", "committed"}
        attributes = {name: "maybe" if old in fine else old for name, old in known.attributes.items()}
        columns = "maybe" if known.columns in fine else known.columns
        life = "unknown" if known.life in ("pending", "attached") else known.life
        state.heap[place] = replace(known, attributes=attributes, columns=columns, life=life)


def _leave_to_callers(state: State) -> None:
    """A transaction ends: whether a caller's instance is part of it, and what that does to it, the caller knows."""
    for place, known in list(state.heap.items()):
        if isinstance(known, InstanceState) and known.life == "unknown" and _is_handed(place):
            attributes = {name: "read" if mark == "loaded" else mark for name, mark in known.attributes.items()}
            if known.changed or known.touched or attributes != known.attributes:
                state.heap[place] = replace(
                    known, attributes=attributes, changed=frozenset(), computed=frozenset(), touched=False
                )


def _is_handed(place: Place) -> bool:
    return isinstance(place.root, str) and place.root.startswith("param:")


def resolve(
    frame: Frame, known: InstanceState, session: ApiObject | None, before: InstanceState | None
) -> InstanceState:
    """An instance that a callee committed with the session that it was handed: the caller knows which session that is.

    `before`: as it is with the caller, who has it too.
    """
    marks = {known.columns, *known.attributes.values()}
    if "committed" not in marks and not (known.expired_by == "commit" and "expired" in marks):
        return known
    expires = expiry.of(frame, session) if session is not None else None
    if expires is expiry.CALLERS:
        return known

    def mark(name: str, old: str) -> str:
        if old == "expired" and expires is False and known.expired_by == "commit":
            return "maybe"
        if old != "committed":
            return old
        if expires is True:
            return "expired"
        return "maybe" if expires is None else "entry" if before is not None else "loaded"

    attributes = {name: mark(name, old) for name, old in known.attributes.items()}
    return replace(known, attributes=attributes, columns=mark("", known.columns))


def rollback(state: State, session: ApiObject, site: Site) -> None:
    """What is persistent expires if a transaction was open; what was added in it is as it was before that."""
    begun = _is_open(state, session)
    _leave_to_callers(state)
    for place, known in held_by(state, session.place):
        if known.life == "pending" or known.life == "transient":
            state.heap[place] = replace(known, life="transient", session=None, session_async=None)
        elif known.life == "detached":
            if known.fresh:
                # it never had a row
                state.heap[place] = replace(known.doubted(), life="unknown")
        elif begun is False and not known.fresh:
            continue
        elif begun and known.life in ("persistent", "deleted", "removed") and not known.fresh:
            state.heap[place] = _expired(known, site, "rollback")
        elif begun and known.life == "either" and not known.fresh:
            state.heap[place] = replace(join_instances(known, _expired(known, site, "rollback")), life="either")
        else:
            state.heap[place] = replace(known.doubted(), life="unknown")
    if begun:
        _forget_rows(state, session.place, True)


def _is_open(state: State, session: ApiObject) -> bool | None:
    """Whether a transaction of the session is open; None where that is not known."""
    held = state.session(session.place)
    phase = held.transaction.phase
    if held.used or (phase == BEGUN and not held.transaction.looked_up):
        return True
    return False if phase == ENDED else None


def close(state: State, session: Place | None, site: Site) -> None:
    """The session lets go of everything."""
    for place, known in held_by(state, session):
        if known.life in ("removed", "either") and "held" in known.attributes.values():
            # of what has gone it does not let go
            known = known.set({name: "maybe" for name, mark in known.attributes.items() if mark == "held"})
        detach(state, place, known, site)
    _forget_rows(state, session, True, gone=True)


def _forget_rows(state: State, session: Place | None, expired: bool, gone: bool = False) -> None:
    """A transaction has ended: nothing was inserted in it. What was loaded has `expired`, or is `gone` from the session."""
    held = state.session(session)
    if session is None or not held.models or not isinstance(state.heap.get(session), SessionState):
        return
    kept = {mark for mark in held.models if not (mark.endswith(NEW) or (expired and ":" in mark))}
    state.heap[session] = replace(held, models=frozenset() if gone else frozenset(kept))


def detach(state: State, place: Place, known: InstanceState, site: Site) -> None:
    """The instance at `place` belongs to no session any more."""
    if known.life in ("persistent", "deleted", "removed", "either"):
        # a key that is NULL answers only as long as there is a session
        marks = {name: "unloaded" for name, mark in known.attributes.items() if mark == "held"}
        gone = known.gone or known.life in ("removed", "either")
        state.heap[place] = replace(known.set(marks) if marks else known, life="detached", detached=site, gone=gone)
    elif known.life == "pending":
        state.heap[place] = replace(known, life="transient")
    elif known.life != "detached":
        state.heap[place] = replace(known.doubted(), life="unknown")


def expunged(frame: Frame, state: State, value: Value, site: Site) -> None:
    """`session.expunge(x)`."""
    for instance in instances_in(value):
        known = state_of(frame, state, instance)
        if known is not None and instance.place is not None:
            may_be_it = others(frame, state, instance.place)
            detach(state, instance.place, known, site)
            for place, other in may_be_it:
                state.heap[place] = replace(other, life=join_life(other.life, "detached"))


def expire(
    frame: Frame, state: State, session: ApiObject, value: Value | None, only: list[str] | None, site: Site
) -> None:
    """`session.expire(x)`, `expire(x, ["name"])`; without `value`: `expire_all()`."""
    places = [p for p, _ in held_by(state, session.place)] if value is None else [i.place for i in instances_in(value)]
    if value is None:
        _forget_rows(state, session.place, True)
    for place in places:
        known = state.instance(place)
        if known is not None and value is None and known.life in ("transient", "pending", "detached", "removed"):
            continue
        if known is not None and known.life == "detached" and value is not None:
            # or else it would be an error
            known = replace(known, life="persistent", detached=None)
        if known is not None and place is not None and known.life == "either" and only is None:
            # to expire what has gone is an error; of what stays in a session that has others, nothing is said
            surely = value is not None
            expired = _expired(known, site, "expire")
            state.heap[place] = expired if surely else replace(join_instances(known, expired), life="either")
        elif known is None or place is None or known.life not in ("persistent", "deleted"):
            if known is not None and place is not None and known.life != "detached":
                state.heap[place] = known.doubted()
        elif only is None:
            # the other side of a relationship still knows
            left = any(name in known.changed for name in (*(entry[0].removesuffix(associations.AMONG) for entry in known.holds), *known.strange))
            expired = replace(_expired(known, site, "expire"), touched=left)
            state.heap[place] = replace(expired, fresh=known.fresh, life=known.life)
        else:
            marks = {n: _expired_mark(frame, known, n) for n in only}
            state.heap[place] = replace(associations.forget(known.set(marks), *only), expired=site, expired_by="expire")


def _expired_mark(frame: Frame, known: InstanceState, name: str) -> str:
    """The state of an attribute that alone was expired: a many-to-one whose key is there may be at hand all the same."""
    mapped = frame.program.project.mapped(known.model)
    attribute = mapped.attributes.get(name) if mapped is not None else None
    refused = attribute is not None and known.attributes.get(name) == "raises" and attribute.lazy != "raise_on_sql"
    if refused or mapped is None or attribute is None:
        return known.attributes.get(name, "expired") if attribute is not None else "expired"
    if attribute.kind != "relationship" or attribute.uselist is True or keyed_there(frame, mapped, attribute):
        return "expired"
    eager = by_mapping(mapped, attribute) == "loaded" or any(load.attribute in (name, "*") for load in known.loads)
    if known.attributes.get(name) in ("loaded", "maybe") and not eager:
        # it was assigned: to nothing, maybe
        return "maybe"
    return "unloaded" if known.origin_text != MADE else "maybe"


def statement_ran(frame: Frame, state: State, session: ApiObject, kind: str, model: str) -> None:
    """An ORM `update()` or `delete()` of `model` ran: instances of its rows may have changed, or have gone."""
    family = {model, *subfamily(frame, model)}
    for place, known in held_by(state, session.place):
        mapped = frame.program.project.mapped(known.model)
        if mapped is None or (known.model not in family and model not in mapped.bases):
            continue
        if kind == "delete":
            state.heap[place] = replace(known, life="either") if known.life == "persistent" else known.doubted()
        elif known.life == "persistent":
            # what it set is there; keys and relationships are as they were
            kept = {a.name for a in mapped.attributes.values() if a.primary_key or a.kind != "column"}
            attributes = dict.fromkeys(kept, known.columns) if known.columns in STALE else {}
            attributes.update({n: "maybe" if m in STALE and n not in kept else m for n, m in known.attributes.items()})
            columns = "maybe" if known.columns in STALE else known.columns
            state.heap[place] = replace(known, attributes=attributes, columns=columns)


def refresh(
    frame: Frame, state: State, session: ApiObject, instance: Instance, only: list[str] | None, readable: bool
) -> None:
    """`refresh(x)`: columns and what first loaded it are loaded again, other relationships unloaded; with names: those are loaded."""
    known = state_of(frame, state, instance)
    mapped = frame.program.project.mapped(instance.model)
    if known is None or mapped is None or instance.place is None:
        return
    if known.session is None:
        # only what is in this session can be refreshed by it
        known = replace(known, session=session.place, session_async=is_async(session), life="persistent")
    if not readable:
        state.heap[instance.place] = known.doubted()
        return
    if only is not None:
        named = {name: "loaded" for name in only if name in mapped.attributes}
        if any(mapped.attributes[name].kind == "relationship" for name in named):
            keys = [a.name for a in mapped.attributes.values() if a.primary_key]
            named.update({name: "loaded" for name in keys if known.mark(name) in STALE})
        if any(mapped.attributes[name].primary_key for name in named) and "generated" in known.attributes.values():
            # the flush that came before it may have loaded all that was missing
            known = join_instances(known, reloaded(mapped, known))
        for name in named:
            known = key_loaded(frame, mapped, known, mapped.attributes[name])
        marks = {n: m for n, m in named.items() if known.mark(n) != m}
        state.heap[instance.place] = associations.forget(known.set(marks), *only)
        exonerate(frame, state, instance.place)
        remember(state, known, only)
        for target in {mapped.attributes[name].target for name in named} - {None}:
            other = frame.program.project.mapped(target) if target is not None else None
            if other is not None:
                # what had expired may be among them
                met = below(frame, other.name, ())[0].union((other.name, *other.bases))
                renew(frame, state, session.place, met, instance.place)
        return
    attributes = {attribute.name: by_mapping(mapped, attribute) for attribute in tracked(mapped)}
    apply_loads(mapped, attributes, known.loads)
    keyed = any(load.strategy in ("selectinload", "subqueryload") for load in known.loads)
    for name, mark in list(attributes.items()):
        attribute = mapped.attributes[name]
        if keyed and attribute.foreign_key:
            # what loads a many-to-one may want its key
            attributes[name] = "maybe" if mark in ACCUSING else mark
            continue
        before = known.attributes.get(name, "maybe")
        refused = mark == "raises" and attribute.lazy != "raise_on_sql"
        certain = attribute.uselist is True or attribute.kind != "relationship" or refused
        certain = certain or known.origin_text != MADE or keyed_there(frame, mapped, attribute)
        if before == "held" and mark in ("unloaded", "raises") and not refused:
            attributes[name] = before
        elif mark in ACCUSING and (before in ("maybe", "entry", "read", "committed") or not certain):
            attributes[name] = "maybe"
    state.heap[instance.place] = replace(
        associations.forget(known),
        attributes=attributes,
        columns="loaded",
        life="persistent",
        expired=None,
        expired_by="",
        changed=frozenset(),
        computed=frozenset(),
        touched=False,
    )
    exonerate(frame, state, instance.place)
    renew(frame, state, known.session, below(frame, known.model, known.loads)[0], instance.place)
