"""Functions inside functions: lambdas and local `def`s."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.facts import ReceiverRevealed
from flake8_async_orm.flow import app_state, coroutines, ledgers
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.outcomes import Key, Outcome, unknown_outcome
from flake8_async_orm.flow.scopes import mentioned
from flake8_async_orm.flow.starting import lost_sight
from flake8_async_orm.lattice import Binding, State, join
from flake8_async_orm.project.definitions import FunctionDefinition
from flake8_async_orm.values import Place, Site, Unknown, Value, replace


def capture(frame: Frame, node: cst.FunctionDef | cst.Lambda, state: State) -> None:
    """What a nested function mentions of its surroundings it may use at any time: its coroutines count as taken."""
    for name in _of_surroundings(node):
        binding = state.names.get(name)
        if binding is not None:
            coroutines.consume(frame, binding.value)
            lost_sight(state, binding.value)
            ledgers.share(state, binding.value)


def outcome(
    frame: Frame, site: Site, arguments: tuple[tuple[str, Value], ...] = (), sync_land: bool = False
) -> Outcome:
    """What calling the nested function at `site` comes to, found once for the same arguments. Its facts become the frame's."""
    key = (site, arguments, sync_land, frame.muted > 0)
    known = frame.nested_outcomes.get(key)
    if not isinstance(known, Outcome):
        known = frame.nested_outcomes[key] = _outcome(frame, site, arguments, sync_land)
    # also of one that is known: a loop takes back what its first rounds have stated
    for fact in known.facts:
        frame.state_fact(fact, "nested")
        if frame.muted and isinstance(fact, ReceiverRevealed):
            frame.facts.setdefault((ReceiverRevealed, fact.site, repr(fact)), replace(fact, muted=True))
    frame.held |= known.held
    return known


def _outcome(frame: Frame, site: Site, arguments: tuple[tuple[str, Value], ...], sync_land: bool) -> Outcome:
    found = frame.nested.get(site)
    frame.entered_nested.add(site)
    if found is None or frame.depth > 6:
        return unknown_outcome("nested function not in sight")
    node, closure = found
    if isinstance(node, cst.Lambda):
        return _lambda_outcome(frame, node, closure, arguments, sync_land)

    definition = frame.program.nested_definition(frame.module, frame.source.number(node))
    if definition is None:
        return unknown_outcome("nested function not collected")
    key = Key(f"{frame.module}.{definition.qualname}", None, arguments, sync_land)
    frame.depth += 1
    try:
        result = bodies.interpret_function(
            frame.program, frame.module, frame.source, definition, node, key, frame, closure, frame.reveal
        )
    finally:
        frame.depth -= 1
    app_state.handed_up(frame, result.global_writes)
    for given, value in result.handed.items():
        frame.handed[given] = join(frame.handed[given], value) if given in frame.handed else value
    frame.touches = frame.touches or result.touches
    return result


def _lambda_outcome(
    frame: Frame, node: cst.Lambda, closure: State, arguments: tuple[tuple[str, Value], ...], sync_land: bool
) -> Outcome:
    given = dict(arguments)
    inner = Frame(
        frame.program,
        frame.module,
        frame.source,
        frame.function,
        is_async=False,
        sync_land=sync_land or frame.sync_land,
        outer=closure,
        outer_frame=frame,
        type_arguments=frame.type_arguments,
        muted=frame.muted,
        steps=frame.steps,
        depth=frame.depth + 1,
    )
    if inner.depth > 6:
        return unknown_outcome("lambdas nested too deep")
    state = State()
    for parameter in [*node.params.posonly_params, *node.params.params, *node.params.kwonly_params]:
        name = parameter.name.value
        value = given.get(name, Unknown("lambda parameter"))
        state.names[name] = Binding(placed(value, Place(f"param:{name}")))
    value = evaluation.evaluate(inner, node.body, state)
    coroutines.consume(inner, value)
    coroutines.finish(inner)
    frame.steps = inner.steps
    frame.touches = frame.touches or inner.touches
    facts, requires = tuple(inner.facts.values()), tuple(inner.requires.values())
    held = frozenset(inner.held)
    return Outcome(value, exit=state, facts=facts, requires=requires, touches=inner.touches, held=held)


def interpret_rest(frame: Frame) -> None:
    """Interpret the nested functions that the body only defines: whoever gets them calls them some time."""
    for site in list(frame.nested):
        if site not in frame.entered_nested:
            outcome(frame, site)
    local_classes.interpret_methods(frame)


def definition_of(frame: Frame, site: Site) -> FunctionDefinition | None:
    found = frame.nested.get(site)
    if found is None or type(found[0]) is cst.Lambda:
        return None
    return frame.program.nested_definition(frame.module, frame.source.number(found[0]))


def captured(frame: Frame, site: Site) -> set[str]:
    """The names that a nested function mentions: what they hold it may change."""
    found = frame.nested.get(site)
    return _of_surroundings(found[0]) if found is not None else set()


def _of_surroundings(node: cst.FunctionDef | cst.Lambda) -> set[str]:
    """The names that mean something of the functions around: those that are mentioned, without the parameters."""
    given = node.params
    defaults = [one.default for one in (*given.posonly_params, *given.params, *given.kwonly_params) if one.default is not None]
    own = set(_parameters(node)).difference(*map(mentioned, defaults))
    return mentioned(node) - own


def parameter_names(frame: Frame, site: Site) -> list[str]:
    """The positional parameters of a nested function or lambda, in order."""
    found = frame.nested.get(site)
    if found is None:
        return []
    return [p.name.value for p in [*found[0].params.posonly_params, *found[0].params.params]]


def all_parameters(frame: Frame, site: Site) -> list[str]:
    """The names of all parameters of a nested function or lambda."""
    found = frame.nested.get(site)
    return _parameters(found[0]) if found is not None else []


def _parameters(node: cst.FunctionDef | cst.Lambda) -> list[str]:
    given = node.params
    stars = [star for star in (given.star_arg, given.star_kwarg) if type(star) is cst.Param]
    return [p.name.value for p in [*given.posonly_params, *given.params, *given.kwonly_params, *stars]]


# these need what is defined above
from flake8_async_orm.flow import bodies, evaluation, local_classes  # noqa: E402
from flake8_async_orm.flow.annotations import placed  # noqa: E402
