"""`session.merge(x)`: the instance itself where the session has it, else a copy of what it has.

What it gives was found by running SQLAlchemy 1.4, 2.0 and 2.1.
"""

from __future__ import annotations

from collections.abc import Callable

from flake8_async_orm.flow import autoflush, loading
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.lattice import ACCUSING, InstanceState, State, without_none
from flake8_async_orm.values import ApiObject, Instance, Place, Site, Unknown, Value, replace

Effect = Callable[[State], None]


def merged(
    frame: Frame, state: State, receiver: ApiObject, given: Value | None, site: Site, effect: Effect | None
) -> tuple[Value, Effect | None]:
    """What `receiver.merge(given)` at `site` gives, and what it does; `effect` comes first."""
    instance = without_none(given) if given is not None else None
    if not isinstance(instance, Instance):
        return Unknown("merged"), effect
    known = loading.state_of(frame, state, instance)
    if known is not None and _is_there(frame, receiver, known):
        return instance, effect
    place = Place(site, ("0",))

    def load(after: State) -> None:
        if effect is not None:
            effect(after)
        before = loading.state_of(frame, after, instance)
        if before is not None and before.life == "transient" and _has_no_key(frame, before):
            copy = replace(before, life="pending", session=receiver.place, session_async=loading.is_async(receiver))
            # what hangs on it is copied too
            along = before.strange | {name for name, mark in before.attributes.items() if mark == "loaded"}
            after.heap[place] = replace(copy, early=frozenset(), holds=frozenset(), strange=along)
        else:
            _load(frame, after, receiver, instance, before, place, site)

    return Instance(instance.model, place), load


def _is_there(frame: Frame, receiver: ApiObject, known: InstanceState) -> bool:
    """Whether the session surely has the very instance, after its autoflush at the latest."""
    if receiver.place is None or known.session != receiver.place:
        return False
    return known.life == "persistent" or (known.life == "pending" and autoflush.of(frame, receiver) is True)


def _has_no_key(frame: Frame, known: InstanceState) -> bool:
    """Whether an instance that was made here has no primary key: then there can be no row of it."""
    mapped = frame.program.project.mapped(known.model)
    keys = {a.name for a in mapped.attributes.values() if a.primary_key} if mapped is not None else set()
    return bool(keys) and known.columns == "loaded" and not keys & known.changed and not keys & known.attributes.keys()


def _load(
    frame: Frame,
    state: State,
    receiver: ApiObject,
    instance: Instance,
    given: InstanceState | None,
    place: Place,
    site: Site,
) -> None:
    told = given is not None and given.life not in ("deleted", "removed", "either")
    if given is not None and (
        given.gone or (given.life == "unknown" and given.session is not None) or (given.life == "detached" and given.fresh)
    ):
        # its row may have gone
        told = False
    loading.loaded(frame, state, place, instance.model, receiver, (), told, site, "merged here", got=not told)
    merged = state.instance(place)
    if given is None or merged is None:
        return
    if not told:
        # where its row has gone it is a copy that was not sent yet
        merged = state.heap[place] = replace(merged.doubted(), life="unknown")
    if given.life == "transient":
        # a row that was there, or a new one: only what the flush leaves unloaded is unloaded in both cases
        carried = {n: "maybe" if mark == "loaded" else mark for n, mark in given.attributes.items()}
        state.heap[place] = replace(merged, attributes=carried, life="pending", columns="maybe")
        return
    # what the given instance has loaded is merged too
    carried = {n: "maybe" for n, mark in given.attributes.items() if mark not in ACCUSING and mark != "pending"}
    # a deferred column that is loaded there is assigned here
    columns = {n for n, mark in given.attributes.items() if mark == "loaded" and merged.attributes.get(n) == "unloaded"}
    mapped = frame.program.project.mapped(instance.model)
    assigned = {n for n in columns if mapped is not None and mapped.attributes[n].kind == "column"}
    changed = merged.changed | assigned
    state.heap[place] = replace(merged.set(carried), changed=changed, touched=bool(changed))
