"""One instance from a session: `get` and `refresh`, and the attributes that are named to them."""

from __future__ import annotations

from flake8_async_orm.facts import LoadingAsked
from flake8_async_orm.flow import (
    instances,
    loading,
    locks,
    persistence,
)
from flake8_async_orm.flow.calls import Argument
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.identity import held_by
from flake8_async_orm.flow.recovery import Effect
from flake8_async_orm.flow.rows import _option_loads
from flake8_async_orm.lattice import State, one_of
from flake8_async_orm.values import (
    NONE,
    ApiObject,
    Class,
    Constant,
    Instance,
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
    asked = [a.value for a in arguments if a.keyword is None and not a.star][1:2]
    asked = asked or [a.value for a in arguments if a.keyword == "ident"]
    key = repr(asked[0].value) if asked and isinstance(asked[0], Constant) else ""

    def load(state: State) -> None:
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
