"""States, and how two paths of a program meet.

A `State` is the environment (name -> `Binding`) and the heap (place -> what is known of the object there). It is passed by value: a
branch copies it, a join merges it. The laws of `join` (commutative, associative, idempotent) have property tests.

Attribute states of a mapped instance:

* `loaded`    a read is free
* `unloaded`  a read emits SQL
* `raises`    unloaded, and the mapping refuses to load it (lazy="raise")
* `expired`   as unloaded, by a commit, rollback or expire
* `generated` as unloaded: the database made a value that was not fetched
* `committed` expired, if the session that was handed in expires on commit
* `pending`   free now, unloaded once the instance is flushed
* `held`      a many-to-one that its session may answer by itself: to nothing, or to what it holds
* `entry`     as the caller handed the instance over
* `read`      the same, and it has been read
* `failed`    a read has failed: control does not get past it, so it yields to what any other path says
* `maybe`     paths disagree, or something unseen may have touched it: nothing is said"""

from flake8_async_orm.lattice.alternatives import (
    WIDEST,
    held,
    instance_in,
    join,
    may_be_none,
    one_of,
    options_of,
    without_none,
)
from flake8_async_orm.lattice.states import (
    ABSENT,
    ACCUSING,
    HANDED,
    Binding,
    Failure,
    InstanceState,
    Known,
    Missing,
    ObjectState,
    ResultState,
    SessionState,
    State,
    join_attribute,
    join_bindings,
    join_instances,
    join_known,
    join_life,
    join_states,
)

__all__ = [
    "ABSENT",
    "ACCUSING",
    "HANDED",
    "WIDEST",
    "Binding",
    "Failure",
    "InstanceState",
    "Known",
    "Missing",
    "ObjectState",
    "ResultState",
    "SessionState",
    "State",
    "held",
    "instance_in",
    "join",
    "join_attribute",
    "join_bindings",
    "join_instances",
    "join_known",
    "join_life",
    "join_states",
    "may_be_none",
    "one_of",
    "options_of",
    "without_none",
]
