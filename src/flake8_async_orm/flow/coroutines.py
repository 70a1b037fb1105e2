"""What becomes of the coroutines that a body makes.

A coroutine counts as used as soon as any path awaits it, hands it on, returns, yields or stores it; what is left at the end of the body was dropped.
"""

from __future__ import annotations

from collections.abc import Callable

from flake8_async_orm.facts import CoroutineDropped, CoroutineUsedAsValue
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.lattice import State, held, one_of
from flake8_async_orm.values import NONE, Collection, Constant, Coroutine, OneOf, Site, Tuple, Unknown, Value, replace

_HOLDING = frozenset({Coroutine, Tuple, Collection, OneOf})


def made(
    frame: Frame,
    site: Site,
    callee: str,
    of: Value,
    effect: Callable[[State], None] | None = None,
    *,
    wrapper: bool = False,
    ours: bool = True,
) -> Coroutine:
    """A call at `site` has made a coroutine; `effect` is what awaiting it does to the state."""
    if ours:
        frame.touches = True
        frame.made.setdefault(site, CoroutineDropped(site, callee, "assigned", frame.is_async, None, wrapper))
    if effect is not None:
        frame.effects[site] = effect
    return Coroutine(of, callee, site, wrapper, ours)


def given_back(frame: Frame, callee: str, of: Value, site: Site) -> Value:
    """What awaiting a coroutine of `callee` at `site` gave. If that is a coroutine in turn, on its own or among plain constants, it is
    another one, which has not been awaited."""
    options = of.options if isinstance(of, OneOf) else (of,)
    if not all(isinstance(one, Coroutine | Constant) and one != NONE for one in options):
        return of
    found = next((one for one in sorted(options, key=repr) if isinstance(one, Coroutine) and one.ours), None)
    if found is None or found.origin is None:
        return of
    back = made(frame, site, found.callee, found.of, wrapper=found.wrapper)
    frame.made[site] = replace(frame.made[site], given_by=callee, made=found.origin)
    return one_of([back, *(one for one in options if isinstance(one, Constant))])


def in_value(value: Value) -> list[Coroutine]:
    """The coroutines in a value, those in containers included."""
    if type(value) not in _HOLDING:
        return []
    match value:
        case Coroutine():
            return [value]
        case Tuple(items=items):
            return [found for item in items for found in in_value(item)]
        case Collection(of=of):
            return in_value(of)
        case OneOf(options=options):
            return [found for option in options for found in in_value(option)]
        case _:
            return []


def consume(frame: Frame, value: Value) -> None:
    """Something will see to the coroutines in `value`, or may."""
    if found := held(value):
        frame.consumed |= found


def hand_on(frame: Frame, value: Value, state: State) -> None:
    """The coroutines in `value` go where they will be awaited: what they do may have happened from now on."""
    consume(frame, value)
    for site in dict.fromkeys(found.site for found in in_value(value)):
        effect = frame.effects.get(site)
        if effect is not None:
            effect(state)


def drop(frame: Frame, value: Value, awaited: bool = False) -> None:
    """A bare expression statement gave `value`; it was `awaited`."""
    coming = in_value(value)
    if awaited or isinstance(value, OneOf):
        coming = [one for one in coming if one.site in frame.made and frame.made[one.site].given_by]
        if not coming:
            consume(frame, value)
    for found in coming:
        if found.site in frame.made:
            frame.state_fact(replace(frame.made[found.site], how="statement"))
            frame.consumed.add(found.site)


def named(frame: Frame, value: Value, name: str) -> None:
    """`value` was bound to `name`."""
    for found in in_value(value):
        fact = frame.made.get(found.site)
        if fact is not None and fact.name is None:
            how = "assigned" if isinstance(value, Coroutine) else "container"
            frame.made[found.site] = replace(fact, name=name, how=how)


def finish(frame: Frame) -> None:
    """At the end of a body: whatever nobody took was dropped."""
    for site, fact in frame.made.items():
        if site not in frame.consumed:
            frame.state_fact(fact)


def used_as_value(frame: Frame, value: Value, node_site: Site, whole: Site, use: str, detail: str = "") -> Value:
    """The expression at `node_site` was used as if it were its result; if it surely is a coroutine, that is a fact.

    Gives what the use works on once it is mended: the coroutine's result, so that a chain is followed on.
    """
    if not isinstance(value, Coroutine):
        consume(frame, value)
        return value
    frame.consumed.add(value.site)
    if value.ours and value.site not in frame.misused:
        if not frame.muted:
            frame.misused.add(value.site)
        frame.state_fact(
            CoroutineUsedAsValue(
                whole,
                node_site,
                value.site,
                value.callee,
                use,
                detail,
                frame.is_async,
                node_site == value.site,
                frame.awaited_chains.get(node_site),
            )
        )
    return Unknown("used before it was awaited")
