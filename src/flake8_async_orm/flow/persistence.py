"""What sessions do to the instances that they hold: flush, commit, roll back, refresh, close.

The transitions follow SQLAlchemy's documentation ("State Management", "Preventing Implicit IO when Using AsyncSession", error xd2s) and were
confirmed by running 1.4, 2.0 and 2.1.
"""

from __future__ import annotations

from flake8_async_orm.flow import expiry, generated, unflushed
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.instances import instances_in
from flake8_async_orm.flow.loading import (
    MADE,
    STALE,
    apply_loads,
    by_mapping,
    held_by,
    is_async,
    met_below,
    remember,
    renew,
    state_of,
    subfamily,
    tracked,
)
from flake8_async_orm.lattice import ACCUSING, HANDED, InstanceState, State
from flake8_async_orm.project.definitions import MappedAttribute, MappedClass
from flake8_async_orm.values import ApiObject, Instance, Place, Site, Value, replace


def constructed(
    frame: Frame, state: State, place: Place, model: str, given: set[str], unreadable: bool, site: Site
) -> None:
    """`Model(...)`: transient, everything readable; what is not given is unloaded after the flush."""
    mapped = frame.program.project.mapped(model)
    if mapped is None:
        return
    attributes = {
        a.name: "maybe" if unreadable else "loaded" if a.name in given else "pending" for a in tracked(mapped)
    }
    keyed = frozenset() if unreadable else keys_given(frame, mapped, given)
    columns = "maybe" if unreadable else "loaded"
    state.heap[place] = InstanceState(
        model,
        attributes,
        columns,
        life="transient",
        origin=site,
        origin_text=MADE,
        keyed=keyed,
        changed=frozenset(given),
        unset=frozenset() if unreadable else unflushed.made(frame, unflushed.columns(mapped, given)),
    )


def keys_given(frame: Frame, mapped: MappedClass, given: set[str]) -> frozenset[str]:
    """The many-to-one relationships whose foreign key is among the attributes that were given."""
    found: set[str] = set()
    for attribute in tracked(mapped):
        target = frame.program.project.mapped(attribute.target) if attribute.target is not None else None
        if attribute.kind != "relationship" or attribute.uselist is True or target is None or target.table is None:
            continue
        keys = [
            column.name
            for column in mapped.attributes.values()
            if column.foreign_key and (column.references or "").rpartition(".")[0].rpartition(".")[2] == target.table
        ]
        if len(keys) == 1 and keys[0] in given and attribute.name not in given:
            found.add(attribute.name)
    return frozenset(found)


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
        elif known.life == "detached":
            state.heap[instance.place] = replace(known.doubted(), life="persistent", session=session.place)
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
        state.heap[instance.place] = replace(known.doubted(), life="deleted")
        mapped = frame.program.project.mapped(known.model)
        targets = {a.target for a in mapped.tracked} if mapped is not None else set()
        for place, other in held_by(state, session.place):
            if other.model in targets:
                state.heap[place] = replace(other.doubted(), life="unknown")


def flush(frame: Frame, state: State, session: Place | None, site: Site, surely: bool = True) -> None:
    """What was added is inserted, what was changed is updated; values that the database makes are left behind.

    `surely`: not an autoflush, which sessions can be told to leave out.
    """
    unflushed.forget(frame, state)
    for place, known in held_by(state, session):
        if known.life == "pending":
            _inserted(frame, state, place, known, session, site, surely)
        elif known.life in ("persistent", "attached") and (known.touched or known.changed):
            _updated(frame, state, place, known, site, surely)


def _inserted(
    frame: Frame, state: State, place: Place, known: InstanceState, session: Place | None, site: Site, surely: bool
) -> None:
    """Pending instances become persistent: what was never set is unloaded from now on."""
    mapped = frame.program.project.mapped(known.model)
    if mapped is None:
        return
    attributes = dict(known.attributes)
    for name, mark in known.attributes.items():
        if mark != "pending":
            continue
        attribute = mapped.attributes[name]
        strategy = by_mapping(mapped, attribute)
        surely_unset = attribute.kind == "relationship" and attribute.uselist is True and not attribute.default_factory
        never = attribute.lazy in ("dynamic", "write_only", "noload")
        attributes[name] = (
            "loaded" if never else ("raises" if strategy == "raises" else "unloaded") if surely_unset else "maybe"
        )
    for name in known.keyed:
        attribute = mapped.attributes[name]
        if attributes.get(name) == "maybe" and not _holds_target(frame, state, session, attribute):
            attributes[name] = "raises" if by_mapping(mapped, attribute) == "raises" else "unloaded"
    if known.columns == "loaded":
        for attribute in mapped.attributes.values():
            if generated.by_insert(frame.program.versions, mapped, attribute) and attribute.name not in known.changed:
                attributes[attribute.name] = "generated" if surely else "maybe"
    state.heap[place] = replace(
        known,
        attributes=attributes,
        life="persistent",
        expired=site,
        expired_by="flush",
        changed=frozenset(),
        computed=frozenset(),
        touched=False,
        fresh=True,
    )
    remember(state, known, [n for n, mark in attributes.items() if mark != "unloaded"], known.model)


def _updated(frame: Frame, state: State, place: Place, known: InstanceState, site: Site, surely: bool) -> None:
    """The row of a changed instance is updated: what the database computes with that is not fetched."""
    mapped = frame.program.project.mapped(known.model)
    if mapped is None:
        return
    sure = surely and bool(known.changed)
    # for the UPDATE of an instance that has expired its columns are loaded
    lapsed = STALE if known.columns in STALE else frozenset(("expired", "committed"))
    attributes = {name: "maybe" if mark in lapsed else mark for name, mark in known.attributes.items()}
    columns = "maybe" if known.columns in lapsed else known.columns
    for attribute in mapped.attributes.values():
        name = attribute.name
        computed = name in known.computed
        made = generated.by_update(mapped, attribute) and name not in known.changed
        if (computed or made) and attributes.get(name, columns) in ("loaded", "read", "entry"):
            attributes[name] = "generated" if sure and known.life == "persistent" else "maybe"
    state.heap[place] = replace(
        known,
        attributes=attributes,
        columns=columns,
        expired=site if sure else known.expired,
        expired_by="flush" if sure else known.expired_by,
        changed=frozenset() if surely else known.changed,
        computed=frozenset() if surely else known.computed,
        touched=known.touched and not surely,
    )


def _holds_target(frame: Frame, state: State, session: Place | None, attribute: MappedAttribute) -> bool:
    """Whether the session may hold an instance that a many-to-one points to: then reading it emits nothing."""
    if attribute.target is None:
        return True
    family = {attribute.target, *subfamily(frame, attribute.target)}
    if state.session(session).models & family:
        return True
    return any(isinstance(known, InstanceState) and known.model in family for known in state.heap.values())


def _expired(known: InstanceState, site: Site, by: str) -> InstanceState:
    """`known` with everything out of date."""
    attributes = {name: "raises" if mark == "raises" else "expired" for name, mark in known.attributes.items()}
    return replace(
        known,
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
    flush(frame, state, session.place, site)
    _leave_to_callers(state)
    held = [(p, known) for p, known in held_by(state, session.place) if known.life in ("persistent", "attached")]
    if not held:
        return
    expires = expiry.of(frame, session)
    for place, known in held:
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
    used = state.session(session.place).used
    _leave_to_callers(state)
    for place, known in held_by(state, session.place):
        if known.life == "pending" or known.life == "transient":
            state.heap[place] = replace(known, life="transient", session=None, session_async=None)
        elif known.life == "persistent" and used and not known.fresh:
            state.heap[place] = _expired(known, site, "rollback")
        elif known.life != "detached":
            state.heap[place] = replace(known.doubted(), life="unknown")


def close(state: State, session: Place | None, site: Site) -> None:
    """The session lets go of everything."""
    for place, known in held_by(state, session):
        detach(state, place, known, site)


def detach(state: State, place: Place, known: InstanceState, site: Site) -> None:
    """The instance at `place` belongs to no session any more."""
    if known.life == "persistent":
        state.heap[place] = replace(known, life="detached", detached=site)
    elif known.life == "pending":
        state.heap[place] = replace(known, life="transient")
    elif known.life != "detached":
        state.heap[place] = replace(known.doubted(), life="unknown")


def expunged(frame: Frame, state: State, value: Value, site: Site) -> None:
    """`session.expunge(x)`."""
    for instance in instances_in(value):
        known = state_of(frame, state, instance)
        if known is not None and instance.place is not None:
            detach(state, instance.place, known, site)


def expire(
    frame: Frame, state: State, session: ApiObject, value: Value | None, only: list[str] | None, site: Site
) -> None:
    """`session.expire(x)`, `expire(x, ["name"])`; without `value`: `expire_all()`."""
    places = [p for p, _ in held_by(state, session.place)] if value is None else [i.place for i in instances_in(value)]
    for place in places:
        known = state.instance(place)
        if known is None or place is None or known.life != "persistent":
            if known is not None and place is not None and known.life != "detached":
                state.heap[place] = known.doubted()
        elif only is None:
            state.heap[place] = replace(_expired(known, site, "expire"), fresh=known.fresh)
        else:
            marks = {n: "raises" if known.attributes.get(n) == "raises" else "expired" for n in only}
            state.heap[place] = replace(known.set(marks), expired=site, expired_by="expire")


def statement_ran(frame: Frame, state: State, session: ApiObject, kind: str, model: str) -> None:
    """An ORM `update()` or `delete()` of `model` ran: instances of its rows may have changed, or have gone."""
    family = {model, *subfamily(frame, model)}
    for place, known in held_by(state, session.place):
        mapped = frame.program.project.mapped(known.model)
        if mapped is None or (known.model not in family and model not in mapped.bases):
            continue
        if kind == "delete":
            state.heap[place] = replace(known.doubted(), life="unknown")
        elif known.life == "persistent":
            attributes = {name: "maybe" if mark in STALE else mark for name, mark in known.attributes.items()}
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
        state.heap[instance.place] = known.set({n: m for n, m in named.items() if known.mark(n) != m})
        remember(state, known, only)
        return
    attributes = {attribute.name: by_mapping(mapped, attribute) for attribute in tracked(mapped)}
    apply_loads(mapped, attributes, known.loads)
    for name, mark in list(attributes.items()):
        attribute = mapped.attributes[name]
        before = known.attributes.get(name, "maybe")
        certain = attribute.uselist is True or (attribute.deferred and before in ACCUSING)
        if mark in ACCUSING and (before in ("maybe", "entry", "committed") or not certain):
            attributes[name] = "maybe"
    state.heap[instance.place] = replace(
        known,
        attributes=attributes,
        columns="loaded",
        life="persistent",
        expired=None,
        expired_by="",
        changed=frozenset(),
        computed=frozenset(),
        touched=False,
    )
    renew(state, known.session, met_below(frame, known.model, known.loads), instance.place)
