"""One instance from a session: `get` and `refresh`, and the attributes that are named to them."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.facts import LoadingAsked
from flake8_async_orm.flow import (
    instances,
    loading,
    locks,
    persistence,
)
from flake8_async_orm.flow.calls import Argument
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.identity import GIVEN, held_by
from flake8_async_orm.flow.recovery import Effect
from flake8_async_orm.flow.rows import _option_loads
from flake8_async_orm.knowledge import names
from flake8_async_orm.lattice import State, one_of
from flake8_async_orm.values import (
    NONE,
    ApiObject,
    Class,
    Constant,
    Instance,
    Load,
    ModelAttribute,
    Place,
    Site,
    Tuple,
    Unknown,
    Value,
)


def _got(
    frame: Frame,
    receiver: ApiObject,
    model: Value | None,
    arguments: list[Argument],
    site: Site,
    optional: bool,
    effect: Effect | None,
) -> tuple[Value, Effect | None]:
    if not isinstance(model, Class) or frame.program.project.mapped(model.name) is None:
        return Unknown("instance of an unknown class"), effect
    place = Place(site, ("0",))
    statement, _ = _option_loads(arguments)
    locking = any(a.keyword == "with_for_update" and a.value not in (NONE, Constant(False)) for a in arguments)
    # without it `options` are ignored for a row that the session holds already
    anew = _anew(arguments)
    name = model.name
    asked = [a for a in arguments if a.keyword is None and not a.star][1:2]
    asked = asked or [a for a in arguments if a.keyword == "ident"]

    def load(state: State) -> None:
        key = _key(frame, state, asked[0]) if asked else ""
        if key and not anew and not locking and statement.complete and statement.loads:
            _ignored(frame, state, receiver, name, key, statement.loads, arguments, site)
        # what the flush inserts is met by the query, as it was not there when it was looked for
        waits = any(known.life in ("pending", "unknown") for _, known in held_by(state, receiver.place))
        if effect is not None:
            effect(state)
        loading.loaded(
            frame,
            state,
            place,
            name,
            receiver,
            statement.loads,
            statement.complete,
            site,
            "loaded here",
            # the call itself takes the options that a statement would
            site,
            key=key,
            anew=anew,
            got=not waits,
        )
        if locking:
            locks.read(state, receiver.place, place, site)

    instance = Instance(name, place)
    return (one_of([instance, NONE]) if optional else instance), load


def _key(frame: Frame, state: State, asked: Argument) -> str:
    """What tells the key that a `get` is given from others: a literal, or a parameter that holds what it was given."""
    if isinstance(asked.value, Constant):
        return repr(asked.value.value)
    node = frame.source.nodes[asked.site.node] if asked.site.path == frame.path else None
    binding = state.names.get(node.value) if type(node) is cst.Name else None
    return f"{GIVEN}{node.value}" if type(node) is cst.Name and binding is not None and binding.site is None else ""


def _ignored(
    frame: Frame,
    state: State,
    receiver: ApiObject,
    model: str,
    key: str,
    loads: tuple[Load, ...],
    arguments: list[Argument],
    site: Site,
) -> None:
    """A `get` with options asks for a row that this function holds: it gives what is there."""
    named = {found.place for binding in state.names.values() for found in instances.instances_in(binding.value)}
    given = next((a.site for a in arguments if a.keyword == "options"), site)
    for place, known in held_by(state, receiver.place):
        if known.model != model or known.key != key or known.life != "persistent" or place not in named:
            continue
        lacking = [o for o in loads if o.strategy in names.LOADING and known.attributes.get(o.attribute) == "unloaded"]
        if lacking:
            what = tuple(f"{model}.{load.attribute}" for load in lacking)
            frame.state_fact(LoadingAsked(given, "options-of-held", what, lacking[0].strategy, (site,), known.origin))
            return


def _anew(arguments: list[Argument]) -> bool:
    """Whether a `get` is to load its row in any case."""
    return any(a.keyword == "populate_existing" and a.value == Constant(True) for a in arguments)


def _attribute_names(arguments: list[Argument]) -> tuple[list[str] | None, bool]:
    """The names that `refresh` and `expire` are given (None: none), and whether they can be read."""
    wanted = next((a.value for a in arguments if a.keyword == "attribute_names"), None)
    positional = [a for a in arguments if a.keyword is None and not a.star]
    if wanted is None and len(positional) > 1:
        wanted = positional[1].value
    if any(a.star for a in arguments):
        return None, False
    if wanted is None or wanted == NONE:
        return None, True
    if isinstance(wanted, Tuple) and all(isinstance(i, Constant) and isinstance(i.value, str) for i in wanted.items):
        return [str(i.value) for i in wanted.items if isinstance(i, Constant)], True
    return None, False


def _attributes_for_names(frame: Frame, arguments: list[Argument]) -> None:
    """`refresh(user, [User.posts])` is a fact: names are wanted there."""
    positional = [a for a in arguments if a.keyword is None and not a.star][1:2]
    for argument in positional or [a for a in arguments if a.keyword == "attribute_names"]:
        items = argument.value.items if isinstance(argument.value, Tuple) else ()
        named = tuple(item.name for item in items if isinstance(item, ModelAttribute))
        if named and len(named) == len(items):
            frame.state_fact(LoadingAsked(argument.site, "attribute-names", named))


def _refresh(frame: Frame, state: State, receiver: ApiObject, first: Value | None, arguments: list[Argument]) -> None:
    only, readable = _attribute_names(arguments)
    for instance in instances.instances_in(first) if first is not None else []:
        persistence.refresh(frame, state, receiver, instance, only, readable)


# these need what is defined above
