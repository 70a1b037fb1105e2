"""Doing the same with each of several things that an expression may be: nothing is said of any, and one that only raises ends nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flake8_async_orm.flow import coroutines
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.lattice import State, join_states, one_of
from flake8_async_orm.values import Site, Value

Effect = Callable[[State], None]


def read(frame: Frame, options: Sequence[Value], compute: Callable[[Value], Value]) -> Value:
    """What reading something of each of `options` may give."""
    frame.muted += 1
    try:
        each = [_perhaps(frame, compute, option) for option in options]
    finally:
        frame.muted -= 1
    frame.diverged = frame.diverged or all(ends for _, ends in each)
    return one_of(value for value, _ in each)


def called(
    frame: Frame, state: State, site: Site, options: Sequence[Value], compute: Callable[[Value, State], Value]
) -> Value:
    """What calling each of `options`, at `site`, may give. Where it is coroutines, awaiting them does what one of them does."""
    effects: list[Effect | None] = []

    def one(option: Value) -> Value:
        frame.effects.pop(site, None)
        value = compute(option, state.copy())
        # what one kind of receiver makes a coroutine of, another may not
        coroutines.consume(frame, value)
        effects.append(frame.effects.pop(site, None))
        return value

    given = read(frame, options, one)
    if any(effects):
        frame.effects[site] = lambda after: _any(frame, effects, after)
    return given


def _any(frame: Frame, effects: Sequence[Effect | None], state: State) -> None:
    """One of these happens to `state`."""
    ways: State | None = None
    for effect in effects:
        way = state.copy()
        if not (effect is not None and _happens(frame, effect, way)):
            ways = join_states(ways, way)
    if ways is None:
        frame.diverged = True
    else:
        state.names, state.heap = ways.names, ways.heap


def _perhaps(frame: Frame, compute: Callable[[Value], Value], option: Value) -> tuple[Value, bool]:
    return frame.on_a_path(lambda: compute(option))


def _happens(frame: Frame, effect: Effect, state: State) -> bool:
    """Let `effect` happen to `state`; whether it never comes back."""
    return frame.on_a_path(lambda: effect(state))[1]
