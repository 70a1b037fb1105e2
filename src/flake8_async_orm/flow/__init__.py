"""The interpreter: what happens in a module, told as facts.

`interpret` walks every function of a module over LibCST nodes, each to a fixed point, and follows calls into the project through their outcomes.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable

import libcst as cst

from flake8_async_orm.facts import AttributeSerialized, Fact, RelationshipRead
from flake8_async_orm.flow import absences, coroutines, nested
from flake8_async_orm.flow.bodies import interpret_function
from flake8_async_orm.flow.expressions import load_evaluators
from flake8_async_orm.flow.frame import BudgetSpent, Frame
from flake8_async_orm.flow.outcomes import Outcome
from flake8_async_orm.flow.program import Program
from flake8_async_orm.flow.running import run_block
from flake8_async_orm.flow.settings import Settings, settings_of
from flake8_async_orm.flow.statements import load_runners
from flake8_async_orm.lattice import State
from flake8_async_orm.project import Project
from flake8_async_orm.project.definitions import FunctionDefinition, ModuleDefinition
from flake8_async_orm.source import Source

load_evaluators()
load_runners()
_PROGRAMS: weakref.WeakKeyDictionary[Project, tuple[int, Program]] = weakref.WeakKeyDictionary()
DEFAULT = Settings()
#: facts of reads that what is in the session may answer
_READS = (AttributeSerialized, RelationshipRead)


def program_of(project: Project, settings: Settings = DEFAULT) -> Program:
    """The program of a project, kept as long as neither the project nor the settings have changed."""
    found = _PROGRAMS.get(project)
    version = project.generation
    if found is None or found[0] != version or (found[1].settings is not settings and found[1].settings != settings):
        found = (version, Program(project, settings))
        _PROGRAMS[project] = found
    return found[1]


def outermost(definition: ModuleDefinition) -> list[FunctionDefinition]:
    """The functions of a module and the methods of its classes; nested ones are interpreted with what holds them."""
    found = {
        f.node: f for bindings in definition.bindings.values() for f in bindings if isinstance(f, FunctionDefinition)
    }
    for cls in definition.classes.values():
        found.update({f.node: f for methods in cls.methods.values() for f in methods})
    return [found[node] for node in sorted(found) if "<locals>" not in found[node].qualname]


def interpret(source: Source, project: Project, reveal: bool = False, settings: Settings = DEFAULT) -> list[Fact]:
    """What happens in the module of `source`, in source order. Raises SourceError where the file cannot be parsed."""
    program = program_of(project, settings)
    tree = source.module
    module = project.module_name(source.path)
    definition = project.definition(module)
    facts: list[Fact] = []
    frame = Frame(program, module, source, reveal=reveal, local_names=frozenset())
    try:
        run_block(frame, tree, State())
        nested.interpret_rest(frame)
        coroutines.finish(frame)
    except BudgetSpent:
        pass
    frame.close()
    facts.extend(frame.facts.values())
    if definition is not None:
        for function in outermost(definition):
            key = absences.generic(program, module, function)
            if definition.functions.get(function.qualname) is function and not reveal:
                facts.extend(_surely(program, module, function, program.outcome(key)))
                continue
            node = source.nodes[function.node]
            assert isinstance(node, cst.FunctionDef)
            facts.extend(interpret_function(program, module, source, function, node, key, reveal=reveal).facts)
    seen: dict[Fact, None] = dict.fromkeys(fact for fact in facts if fact.site.path == source.path)
    return sorted(seen, key=lambda fact: (fact.site, type(fact).__name__))


def _surely(program: Program, module: str, function: FunctionDefinition, outcome: Outcome) -> Iterable[Fact]:
    """The facts of a function, without reads that some caller's session may answer."""
    sites = {fact.site for fact in outcome.facts}
    own = [absence.read for absence in outcome.absences if absence.read in sites]
    answered = {read for read in own if absences.answered(program, module, function, read)}
    return [fact for fact in outcome.facts if fact.site not in answered or not isinstance(fact, _READS)]


__all__ = ["Settings", "interpret", "program_of", "settings_of"]
