"""The laws of joining: the order in which paths meet decides nothing."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from flake8_async_orm.lattice import ACCUSING, InstanceState, join, join_attribute, join_instances
from flake8_async_orm.values import (
    EMPTY,
    NONE,
    ApiObject,
    Collection,
    Constant,
    Coroutine,
    Instance,
    OneOf,
    Place,
    Site,
    Statement,
    Tuple,
    Unknown,
    Value,
)

SITES = st.builds(Site, st.just("a.py"), st.integers(0, 3))
PLACES = st.builds(Place, SITES)
LEAVES: st.SearchStrategy[Value] = st.one_of(
    st.just(Unknown("why")),
    st.just(NONE),
    st.builds(Constant, st.sampled_from([True, False, 1, "x"])),
    st.builds(ApiObject, st.sampled_from(["AsyncSession", "AsyncEngine"]), PLACES),
    st.builds(Instance, st.sampled_from(["m.A", "m.B"]), PLACES),
    st.builds(Coroutine, st.just(NONE), st.just("AsyncSession.commit"), SITES),
    st.builds(Statement, st.sampled_from(["select", "text"])),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Collection, st.one_of(inner, st.just(EMPTY)), st.sampled_from(["list", "set"])),
        st.lists(inner, min_size=1, max_size=2).map(lambda items: Tuple(tuple(items))),
    ),
    max_leaves=4,
)
MARKS = st.sampled_from(
    ["loaded", "unloaded", "raises", "expired", "generated", "committed", "pending", "held", "entry", "read", "failed", "maybe"]
)
STATES = st.builds(
    InstanceState,
    st.just("m.A"),
    st.dictionaries(st.sampled_from(["posts", "team"]), MARKS, min_size=2, max_size=2),
    MARKS,
    st.sampled_from(["persistent", "pending"]),
    session=st.one_of(st.none(), PLACES),
    origin=st.one_of(st.none(), SITES),
)


@settings(max_examples=300)
@given(VALUES)
def test_join_is_idempotent(value: Value) -> None:
    assert join(value, value) == value


@settings(max_examples=400)
@given(VALUES, VALUES)
def test_join_is_commutative(left: Value, right: Value) -> None:
    assert join(left, right) == join(right, left)


@settings(max_examples=400)
@given(VALUES, VALUES)
def test_join_absorbs(left: Value, right: Value) -> None:
    """What has met `right` once is not changed by meeting it again."""
    met = join(left, right)
    assert join(met, right) == met


@given(VALUES)
def test_unknown_absorbs(value: Value) -> None:
    assert isinstance(join(value, Unknown("why")), Unknown)


@given(MARKS, MARKS, MARKS)
def test_attribute_states(first: str, second: str, third: str) -> None:
    assert join_attribute(first, second) == join_attribute(second, first)
    assert join_attribute(first, first) == first
    assert join_attribute(join_attribute(first, second), third) == join_attribute(first, join_attribute(second, third))


@given(STATES, STATES, STATES)
def test_instance_states(first: InstanceState, second: InstanceState, third: InstanceState) -> None:
    assert join_instances(first, second) == join_instances(second, first)
    assert join_instances(first, first) == first
    left = join_instances(join_instances(first, second), third)
    assert left.attributes == join_instances(first, join_instances(second, third)).attributes


@given(STATES, STATES)
def test_a_join_accuses_of_nothing_new(left: InstanceState, right: InstanceState) -> None:
    met = join_instances(left, right)
    for name, mark in met.attributes.items():
        marks = {left.attributes[name], right.attributes[name]}
        known = {mark, "failed"} >= marks or (mark, marks) == ("entry", {"entry", "read"})
        assert mark == "maybe" or known or (mark in marks and marks <= ACCUSING)


def test_a_coroutine_is_not_lost() -> None:
    coroutine = Coroutine(NONE, "AsyncSession.commit", Site("a.py", 1))
    met = join(coroutine, Unknown("why"))
    assert isinstance(met, Unknown)
    assert met.holds == {coroutine.site}
    assert join(coroutine, NONE) == OneOf(frozenset({coroutine, NONE}))
