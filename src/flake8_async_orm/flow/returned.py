"""What a body gives: the values of its `return` statements, and where they meet."""

from __future__ import annotations

from flake8_async_orm.flow.frame import joined_values
from flake8_async_orm.lattice import Binding, State, instance_in, join_states
from flake8_async_orm.values import Unknown, Value

#: the name under which a value meets the others; no program can have it
_GIVEN = "return"


def met(returned: list[tuple[State, Value]], end: State | None, stub: bool) -> Value:
    """The value of all returns. Instances of one model from several queries meet at a place of their own in `end`."""
    value = joined_values([v for _, v in returned], Unknown("a stub") if stub else Unknown("never returns"))
    places = {found.place for _, given in returned if (found := instance_in(given)) is not None}
    if end is None or len(places) < 2 or None in places:
        return value
    merged: State | None = None
    for state, given in returned:
        merged = join_states(merged, State({_GIVEN: Binding(given)}, state.heap))
    together = merged.names[_GIVEN].value if merged is not None else value
    found = instance_in(together)
    known = merged.instance(found.place) if merged is not None and found is not None and found.place is not None else None
    if found is None or found.place is None or known is None:
        return value
    end.heap[found.place] = known
    return together
