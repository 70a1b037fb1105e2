"""What a callee did, told in the caller's places: the state that it left, and what it required of its arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_async_orm.flow import (
    associations,
    event_loops,
    flushing,
    instances,
    ledgers,
    loading,
    origins,
    persistence,
    recovery,
    requirements,
    transactions,
    unflushed,
)
from flake8_async_orm.flow.frame import Frame, Requirement
from flake8_async_orm.flow.outcomes import Outcome, Substitution, follow
from flake8_async_orm.knowledge import callables
from flake8_async_orm.lattice import (
    ACCUSING,
    HANDED,
    InstanceState,
    ObjectState,
    SessionState,
    State,
    without_none,
)
from flake8_async_orm.project.definitions import MappedAttribute
from flake8_async_orm.values import (
    ApiObject,
    Class,
    Collection,
    Instance,
    Object,
    Place,
    Site,
    Tuple,
    Value,
    replace,
)

if TYPE_CHECKING:
    pass


def transfer(
    frame: Frame, state: State, outcome: Outcome, substitution: Substitution, site: Site, at_read: bool = False
) -> None:
    """The callee's body has run: tell its effects and what it required in the caller's places."""
    if outcome.diverges:
        frame.diverged = True
    if outcome.touches:
        unflushed.forget(frame, state)
    frame.pools |= outcome.pools
    frame.disposes = frame.disposes or outcome.disposes
    if outcome.kept:
        event_loops.kept(frame, state, outcome.kept, site)
    for place in outcome.global_work:
        ledgers.worked_globally(frame, place, site)
    for requirement in outcome.requires if not frame.patched else ():
        _require(frame, state, requirement, substitution, requirement.at if at_read else site)
    for place in outcome.fails:
        left = _session(frame, state, place, substitution)
        known_here = left.place if left is not None else None
        recovery.may_fail(frame, state, place if substitution.surrounds(place) else known_here, site)
    for place, word in sorted(outcome.ended, key=_order) if len(outcome.ended) > 1 else outcome.ended:
        _end(frame, state, place, word, outcome, substitution, site)
    for place in outcome.doubted:
        here = substitution.place(place)
        if here is not None:
            instances.doubt(frame, state, Object(Class(""), here))
            instances.doubt(frame, state, ApiObject("AsyncSession", here))
    if outcome.exit is None or not outcome.exit.heap:
        return
    given: list[tuple[Place, InstanceState]] = []
    met_before = {place: known.models for place, known in state.heap.items() if isinstance(known, SessionState)}
    for place, known in outcome.exit.heap.items():
        here = substitution.place(place)
        if here is None:
            continue
        told = substitution.known(known)
        if isinstance(told, InstanceState) and isinstance(known, InstanceState):
            before = loading.state_of(frame, state, Instance(told.model, here)) if _is_parameter(place) else None
            session = _session(frame, state, known.session, substitution)
            told = persistence.resolve(frame, told, session, before)
            if session is not None and session.place != told.session:
                told = replace(told, session=session.place)
            if _is_parameter(place):
                _merge_instance(state, here, told, before)
                given.append((here, told))
            else:
                frame.unset = frame.unset or bool(told.unset)
                told = told.doubted() if told.session is None and known.session is not None else told
                held_before = met_before.get(told.session) if told.session is not None else None
                state.heap[here] = _met_again(told, held_before) if held_before else told
        elif isinstance(told, SessionState) and _is_parameter(place):
            handed = _session(frame, state, place, substitution)
            here = handed.place if handed is not None and handed.place is not None else here
            held = state.session(here)
            if isinstance(state.heap.get(here, held), SessionState):
                if told.ledger.worked:
                    event_loops.taken(frame, handed or ApiObject("AsyncSession"))
                    recovery.used(frame, state, here, "", site)
                ended = bool(told.done & {"commit", "rollback", "close"})
                state.heap[here] = SessionState(
                    held.models | told.models - {loading.ANYTHING},
                    held.pending | told.pending,
                    told.used if ended else held.used or told.used,
                    held.done | told.done,
                    transactions.after_call(frame, held.transaction, told.transaction, site),
                    held.ledger,
                    recovery.of(state, here),
                    told.clean,
                    held.locked | told.locked,
                )
                ledgers.told(frame, state, here, told.ledger, site)
                met = frozenset(m.removeprefix(loading.MET) for m in told.models if m.startswith(loading.MET))
                loading.renew(frame, state, here, met)
                loading.filled(frame, state, here, told.models, ACCUSING - loading.STALE)
        elif isinstance(told, SessionState):
            state.heap[here] = replace(told, ledger=ledgers.brought(told.ledger, site))
        elif isinstance(told, ObjectState) and isinstance(before_it := state.heap.get(here), ObjectState):
            state.heap[here] = ObjectState({**before_it.fields, **told.fields})
        else:
            state.heap[here] = told
    for place, word in outcome.ended:
        known_session = outcome.exit.heap.get(place)
        if word == "flush" and isinstance(known_session, SessionState) and word in known_session.done:
            # what the callee was given, added and flushed was not known to be in the session before
            actual = _session(frame, state, place, substitution)
            flushing.flush(frame, state, actual.place if actual is not None else None, site)
            for where, had in given:
                _fetched_after(state, where, had)


def _order(ended: tuple[Place, str]) -> tuple[bool, str]:
    """In which order the ends of sessions are told: what is done to one is done before it is closed."""
    return ended[1] == "close", repr(ended)


def _is_parameter(place: Place) -> bool:
    return isinstance(place.root, str) and place.root.startswith("param:")


def _met_again(told: InstanceState, models: frozenset[str]) -> InstanceState:
    """The callee has loaded a row of which the caller's session may hold the instance, with more of it loaded."""
    absent = [name for name, mark in told.attributes.items() if mark in ("unloaded", "raises")]
    known = {name: "maybe" for name in absent if f"{told.model}:{name}" in models or loading.ANYTHING in models}
    return told.set(known) if known else told


def _merge_instance(state: State, here: Place, told: InstanceState, before: InstanceState | None) -> None:
    """The callee has had an instance that the caller has too."""
    if before is None:
        return
    doubtful = ACCUSING | HANDED | {"pending", "committed"}
    attributes = dict(before.attributes)
    for name, mark in told.attributes.items():
        was = before.mark(name)
        # what the callee read in vain it has not read: it did not get past it
        if mark not in HANDED and was != "failed":
            attributes[name] = mark if mark != "maybe" else "maybe" if was in doubtful else was
    columns = before.columns
    if told.columns not in HANDED:
        columns = told.columns if told.columns != "maybe" or columns in doubtful else columns
    lived = told.life != "unknown"
    life = told.life
    if life == "attached" and before.life in ("transient", "pending", "persistent"):
        # the callee has added it, to whom it may have been anything
        life = "persistent" if before.life == "persistent" else "pending"
    state.heap[here] = replace(
        before,
        attributes=attributes,
        columns=columns,
        life=life if lived else before.life,
        session=told.session if lived and told.session is not None else before.session,
        session_async=told.session_async if lived and told.session is not None else before.session_async,
        expired=told.expired or before.expired,
        expired_by=told.expired_by or before.expired_by,
        detached=told.detached or before.detached,
        changed=before.changed | told.changed,
        computed=before.computed | told.computed,
        touched=before.touched or told.touched,
        unset=frozenset(),
        holds=_held(before, told),
        strange=before.strange | told.strange,
    )


def _fetched_after(state: State, here: Place, told: InstanceState) -> None:
    """What the callee had in the end of an instance that it was given: its flush came before that."""
    known = state.instance(here)
    if known is None:
        return
    lacking = {name for name, mark in told.attributes.items() if mark in ACCUSING}
    there = {name: mark for name, mark in told.attributes.items() if mark == "loaded"}
    if told.columns == "loaded":
        left = (name for name, mark in known.attributes.items() if mark == "generated" and name not in lacking)
        there = {**dict.fromkeys(left, "loaded"), **there}
    state.heap[here] = known.set(there)


def _held(before: InstanceState, told: InstanceState) -> frozenset[tuple[str, Place]]:
    """What is in the relationships after the callee put something into some of them."""
    anew = {name for name, mark in told.attributes.items() if mark not in HANDED}
    return told.holds | {entry for entry in before.holds if entry[0].removesuffix(associations.AMONG) not in anew}


def _session(frame: Frame, state: State, place: Place | None, substitution: Substitution) -> ApiObject | None:
    """The session that the callee knows as `place`, as the caller knows it."""
    here = substitution.place(place)
    if place is None or here is None:
        return None
    root = place.root.removeprefix("param:") if isinstance(place.root, str) else ""
    value = substitution.arguments.get(root)
    for step in place.path:
        found = without_none(value) if value is not None else None
        fields = state.heap.get(found.place) if isinstance(found, Object) and found.place is not None else None
        value = fields.fields.get(step) if isinstance(fields, ObjectState) else None
    found = without_none(value) if value is not None else None
    session = found if isinstance(found, ApiObject) and found.place is not None else ApiObject("AsyncSession", here)
    return replace(session, place=origins.same(frame, session.place or here))


def _end(
    frame: Frame, state: State, place: Place, word: str, outcome: Outcome, substitution: Substitution, site: Site
) -> None:
    """The callee did `word` to a session, on every path or on some."""
    session = _session(frame, state, place, substitution)
    here = session.place if session is not None else None
    if here is None or session is None:
        return
    frame.ended_with.add((here, word))
    if word in ("rollback", "close"):
        recovery.rolled_back(frame, state, here)
    ledgers.ended(frame, state, here, word, site)
    known = outcome.exit.heap.get(place) if outcome.exit is not None else None
    surely = isinstance(known, SessionState) and word in known.done
    match word:
        case "commit" | "rollback" if not surely:
            persistence.perhaps_ended(state, here)
        case "commit":
            persistence.commit(frame, state, session, site)
        case "rollback":
            persistence.rollback(state, session, site)
        case "close" if surely:
            persistence.close(state, here, site)
        case "flush":
            flushing.flush(frame, state, here, site, surely)
        case "expire-all" if surely:
            persistence.expire(frame, state, session, None, None, site)
        case _:
            instances.doubt(frame, state, session)


def _require(frame: Frame, state: State, requirement: Requirement, substitution: Substitution, site: Site) -> None:
    """The callee reads an attribute of what it was given: here is known in which state that is."""
    root = requirement.place.root
    if not isinstance(root, str) or not root.startswith("param:"):
        return
    actual = substitution.arguments.get(root.removeprefix("param:"))
    if actual is None:
        return
    instance = reach(frame, state, without_none(actual), requirement.place.path, requirement.model)
    if instance is None:
        return
    mapped = frame.program.project.mapped(instance.model)
    attribute = mapped.attributes.get(requirement.attribute) if mapped is not None else None
    if attribute is None:
        return
    if requirement.chosen:
        through = requirements.open_for(frame, state, requirement.chosen, substitution.arguments)
        if through is None or _asked_for(frame, state, requirement, instance, attribute, through, site):
            return
    read = requirement.read if requirement.read != site else None
    outer, frame.serializing = frame.serializing, requirement.schema
    try:
        _judge(frame, state, requirement, instance, attribute, site, read)
    finally:
        frame.serializing = outer


def _asked_for(
    frame: Frame,
    state: State,
    requirement: Requirement,
    instance: Instance,
    attribute: MappedAttribute,
    chosen: frozenset[tuple[str, str]],
    site: Site,
) -> bool:
    """Whether the instance is the caller's caller's: that one is asked, and here nothing is known to be read."""
    known = loading.state_of(frame, state, instance)
    if known is None or instance.place is None or known.mark(attribute.name) not in HANDED:
        return False
    filled = instances.brought_here(state, instance.model, attribute.name)
    if not filled and not frame.guarded_against(callables.CATCHES_IMPLICIT_IO):
        asked = replace(requirement, place=instance.place, model=instance.model, at=site, chosen=chosen)
        frame.requires.setdefault((instance.place, attribute.name), asked)
    return True


def _judge(
    frame: Frame,
    state: State,
    requirement: Requirement,
    instance: Instance,
    attribute: MappedAttribute,
    site: Site,
    read: Site | None,
) -> None:
    """What the callee requires of `instance`, as the caller has it."""
    if attribute.kind != "relationship":
        known = instances.column_at_stake(frame, state, instance, attribute)
        if known is not None:
            instances.read_column(frame, state, known, instance, attribute, site, read)
    elif requirement.change:
        instances.change_collection(frame, state, instance, attribute, site, requirement.change, read)
    else:
        instances.read_relationship(frame, state, instance, attribute, site, read)


def reach(frame: Frame, state: State, value: Value, path: tuple[str, ...], model: str) -> Instance | None:
    """The instance that lies `path` away from `value`, its state entered on the way."""
    while path:
        step, *rest = path
        match without_none(value):
            case Instance() as owner:
                mapped = frame.program.project.mapped(owner.model)
                attribute = mapped.attributes.get(step) if mapped is not None else None
                if attribute is None or attribute.kind != "relationship":
                    return None
                value = instances.enter_relationship(frame, state, owner, attribute)
            case Collection(of=of) if step == "[]":
                value = of
            case Tuple(items=items) if step.startswith("[") and step[1:-1].isdigit() and int(step[1:-1]) < len(items):
                value = items[int(step[1:-1])]
            case Object(place=Place() as place):
                fields = state.heap.get(place)
                if not isinstance(fields, ObjectState) or step not in fields.fields:
                    here = follow(value, path)
                    return Instance(model, here) if here is not None else None
                value = fields.fields[step]
            case _:
                return None
        path = tuple(rest)
    found = without_none(value)
    return found if isinstance(found, Instance) else None


# these need what is defined above
