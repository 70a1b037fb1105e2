"""Reads that would succeed if the caller's session held what they ask for.

A session has one instance of a row. What a body has fetched by a session that its caller handed over may be an instance that the caller
has already, with more of it loaded; and a many-to-one whose target the caller has is answered without a query. So a read that fails by
all that is seen of the body is not reported where a caller is found of whom that cannot be ruled out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flake8_async_orm.flow.frame import Absence, Frame
from flake8_async_orm.flow.outcomes import Key, Outcome, Substitution, is_shared, plain
from flake8_async_orm.flow.scopes import mentioned_in
from flake8_async_orm.lattice import ACCUSING, InstanceState, State
from flake8_async_orm.project.definitions import FunctionDefinition, MappedAttribute
from flake8_async_orm.project.factories import FILES
from flake8_async_orm.source import SourceError
from flake8_async_orm.values import Class, Instance, Place, Site

if TYPE_CHECKING:
    from flake8_async_orm.flow.program import Program

#: how many calls lie between a read and the callers that are asked, and how many functions are asked for one read
STEPS = 3
ASKED = 40


def assumed(frame: Frame, known: InstanceState, attribute: MappedAttribute, mark: str, site: Site) -> None:
    """A read of `attribute` was found to fail at `site`, if nothing else is in the session."""
    session = known.session
    if mark != "unloaded" or known.life == "detached" or session is None or not is_shared(session):
        return
    target = attribute.target if attribute.uselist is not True else None
    frame.absences.setdefault(site, Absence(session, known.model, attribute.name, target, site))


def told(frame: Frame, state: State, outcome: Outcome, substitution: Substitution) -> None:
    """A callee has run whose reads assume something of its caller's session: whether it is so here."""
    for absence in outcome.absences:
        here = substitution.place(absence.session)
        if any(_holds(frame, where, absence, here) for where in (state, frame.outer) if where is not None):
            frame.held.add(absence.read)
        elif here is not None and is_shared(here):
            frame.absences.setdefault(
                absence.read, Absence(here, absence.model, absence.attribute, absence.target, absence.read)
            )


def _holds(frame: Frame, state: State, absence: Absence, session: Place | None) -> bool:
    """Whether an instance is in sight that may be in the session at `session`, and that the read may be answered by."""
    wanted = {absence.target, *_family(frame, absence.target)} if absence.target is not None else set()
    rows = {absence.model, *_family(frame, absence.model)}
    for place, known in state.heap.items():
        if not isinstance(known, InstanceState) or sight.has_no_row(state, place) or _apart(known, session):
            continue
        if known.model in wanted or (known.model in rows and known.mark(absence.attribute) not in ACCUSING):
            return True
    named = [found for binding in state.names.values() for found in identity.instances_in(binding.value)]
    return any(found.model in wanted | rows and _unseen(state, found) for found in named)


def _apart(known: InstanceState, session: Place | None) -> bool:
    """Whether an instance is surely not in the session at `session`: one that is reached through an object may be any."""
    if known.life == "detached":
        return True
    own = known.session
    if own is None or session is None or own == session or own.path or session.path:
        return False
    return not (is_shared(own) and is_shared(session))


def _unseen(state: State, found: Instance) -> bool:
    return found.place is None or found.place not in state.heap


def _family(frame: Frame, model: str) -> tuple[str, ...]:
    return identity.subfamily(frame, model)


def answered(program: Program, module: str, function: FunctionDefinition, read: Site) -> bool:
    """Whether a caller of `function` is found whose session may hold what the read at `read` asks for."""
    workspace = program.project.workspace
    # a test has often made the rows by the session that it hands over, which nobody else does
    paths = [
        path
        for path in workspace.tree.modules(program.project.locator.root, FILES)
        if path == read.path or not program.is_test(path)
    ]
    asked = {f"{module}.{function.qualname}"}
    callees = [function.name]
    for _ in range(STEPS):
        callers: list[str] = []
        for path in paths:
            for caller_module, caller in _mentioning(program, path, callees):
                dotted = f"{caller_module}.{caller.qualname}"
                if dotted in asked:
                    continue
                asked.add(dotted)
                if len(asked) > ASKED:
                    return False
                outcome = program.outcome(generic(program, caller_module, caller))
                if read in outcome.held:
                    return True
                if any(absence.read == read for absence in outcome.absences):
                    callers.append(caller.name)
        callees = callers
        if not callees:
            break
    return False


def generic(program: Program, module: str, function: FunctionDefinition) -> Key:
    """The key under which a function is asked for what it does whoever calls it."""
    receiver = None
    if function.cls is not None:
        receiver = plain(instance_of(program, Class(f"{module}.{function.cls}")))
    driven = dependencies.driven(program, module, function)
    # what a plain function is told by others it calls matters to those that await something, and to what a framework
    # calls with instances
    shallow = not (function.is_async or function.is_generator or driven)
    return Key(f"{module}.{function.qualname}", receiver, shallow=shallow, driven=driven)


def _mentioning(program: Program, path: str, names: list[str]) -> Iterator[tuple[str, FunctionDefinition]]:
    """The functions of a file that mention one of `names`."""
    workspace = program.project.workspace
    if not workspace.says(path, names):
        return
    module = program.project.module_name(path)
    source, definition = workspace.source_at(path), program.project.definition(module)
    if source is None or definition is None:
        return
    for function in definition.functions.values():
        if "<locals>" in function.qualname:
            continue
        try:
            mentioned = mentioned_in(source, function.node)
        except (SourceError, RecursionError):
            return
        if not mentioned.isdisjoint(names):
            yield module, function


# these need what is defined above
from flake8_async_orm.flow import dependencies, identity, sight  # noqa: E402
from flake8_async_orm.flow.annotations import instance_of  # noqa: E402
