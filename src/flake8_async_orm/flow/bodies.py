"""One function's body: interpreted under a key, to its outcome."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.facts import Fact
from flake8_async_orm.flow.frame import BudgetSpent, Frame, joined, joined_values
from flake8_async_orm.flow.outcomes import Key, Outcome, is_shared, reachable
from flake8_async_orm.lattice import State
from flake8_async_orm.project.definitions import (
    FunctionDefinition,
)
from flake8_async_orm.source import Source
from flake8_async_orm.values import (
    NONE,
    Class,
    Coroutine,
    Object,
    Unknown,
    Value,
)


def entered(
    program: Program,
    module: str,
    source: Source,
    definition: FunctionDefinition,
    node: cst.FunctionDef,
    key: Key,
    outer: Frame | None = None,
    closure: State | None = None,
    reveal: bool = False,
    follows: bool = True,
    only: frozenset[str] | None = None,
) -> tuple[Frame, State]:
    """A function's body under `key`, about to be interpreted: what its parameters hold, or `only` some of them. The rest is as in
    `interpret_function`."""
    substitution: dict[str, Value] = {}
    if definition.cls is not None:
        defining = f"{module}.{definition.cls}"
        receiver = key.receiver.cls if isinstance(key.receiver, Object) else key.receiver
        substitution = program.substitution(receiver if isinstance(receiver, Class) else Class(defining), defining)
        substitution = {**program.class_bounds(defining), **substitution}
        substitution["Self"] = receiver if isinstance(receiver, Class) else Class(defining)
    substitution.update(program.type_bounds(module, node.type_parameters))
    frame = Frame(
        program,
        module,
        source,
        definition,
        is_async=definition.is_async,
        sync_land=key.sync_land or (outer.sync_land if outer else False),
        shallow=key.shallow or (outer.shallow if outer else False),
        follows=follows and (outer is None or outer.follows),
        outer=closure,
        outer_frame=outer,
        local_names=program.local_names(source, definition.node),
        global_names=frozenset(definition.global_writes),
        receiver=key.receiver,
        type_arguments=substitution,
        patched=program.is_patched(source, definition.node) or (outer is not None and outer.patched),
        reveal=reveal,
        muted=outer.muted if outer else 0,
        escaping=[] if program.settings.maybe_paths else None,
    )
    state = State()
    parameters.bind_parameters(frame, state, definition, key, only)
    return frame, state


def interpret_function(
    program: Program,
    module: str,
    source: Source,
    definition: FunctionDefinition,
    node: cst.FunctionDef,
    key: Key,
    outer: Frame | None = None,
    closure: State | None = None,
    reveal: bool = False,
    follows: bool = True,
) -> Outcome:
    """Interpret one function under `key`. `outer` and `closure` are given for a nested function. Unless it `follows` the calls of
    the project's functions, they give what they are annotated with."""
    frame, state = entered(program, module, source, definition, node, key, outer, closure, reveal, follows)
    entry = {name: binding.value for name, binding in state.names.items()}
    try:
        end = running.run_block(frame, node.body, state)
        touches = frame.touches
        nested.interpret_rest(frame)
        frame.touches = touches
    except (BudgetSpent, RecursionError):
        frame.close()
        return Outcome(Unknown("too long to follow"), facts=tuple(frame.facts.values()), unknown="too long to follow")
    if end is not None and not definition.is_stub:
        frame.returned.append((end, NONE))
    coroutines.finish(frame)
    blocks = blocking.finish(frame, node)
    frame.close()
    exit_state = joined([s for s, _ in frame.returned])
    returns = returned.met(frame.returned, exit_state, definition.is_stub)
    if outer is None and handlers.is_handler(program, module, definition):
        concurrency.handled(frame, exit_state or state)
    ways_out.finish(frame, [*frame.returned, *((state, NONE) for state in frame.escaping or ())])
    if frame.running:
        outliving.finish(frame, exit_state)
    works = ledgers.worked_on(exit_state)
    if isinstance(returns, Coroutine) and not definition.is_async:
        works |= frame.works.get(returns.site, frozenset())
    facts: list[Fact] = list(frame.facts.values())
    return Outcome(
        returns,
        joined_values(frame.yielded) if frame.yielded else None,
        reachable(exit_state, [returns, *frame.yielded]),
        tuple(facts),
        requirements.told(frame, entry, exit_state),
        frame.writes,
        frame.global_writes,
        frozenset((place, word) for place, word in frame.ended_with if is_shared(place)),
        frozenset(place for place in frame.doubted if is_shared(place)),
        frame.touches,
        works=frozenset(place for place in works if is_shared(place) or concurrency.surrounds(frame, place)),
        global_work=frozenset(frame.global_work),
        blocks=blocks,
        fails=frozenset(p for p in recovery.failing(frame) if is_shared(p) or concurrency.surrounds(frame, p)),
        pools=frozenset(frame.pools) if frame.is_async else frozenset(),
        disposes=frame.is_async and frame.disposes,
        kept=frozenset() if frame.is_async else frozenset(frame.kept),
        urls=frozenset(frame.urls),
        gathers=frozenset(frame.gathered),
        overlaps=frozenset(frame.overlaps),
        absences=tuple(frame.absences.values()),
        held=frozenset(frame.held),
        handed=frame.handed,
        diverges=not frame.returned and not definition.is_stub and not definition.is_generator,
    )


# these need what is defined above
from flake8_async_orm.flow import (  # noqa: E402
    blocking,
    concurrency,
    coroutines,
    handlers,
    ledgers,
    nested,
    outliving,
    parameters,
    recovery,
    requirements,
    returned,
    running,
    ways_out,
)
from flake8_async_orm.flow.program import Program  # noqa: E402
