"""URLs that a function makes an engine of, and that its callers give."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import libcst as cst

from flake8_async_orm.facts import UrlGiven
from flake8_async_orm.flow.frame import Frame, HandedUrl
from flake8_async_orm.flow.scopes import walk
from flake8_async_orm.flow.text import Texts
from flake8_async_orm.flow.texts import TextReader, Where
from flake8_async_orm.project.definitions import FunctionDefinition
from flake8_async_orm.values import Function, Site

if TYPE_CHECKING:
    from flake8_async_orm.flow.calls import Argument


def expected(frame: Frame, reader: TextReader, where: Where, given: cst.CSTNode, made: HandedUrl) -> Texts | None:
    """An engine is made of `given`, which is not known here: callers may know. Gives what the parameter's default says."""
    parameters = _parameters(frame, reader, where, given)
    if _tested(where, given, parameters):
        # which URLs come this far, the tests say
        return None
    if parameters:
        frame.urls.add(replace(made, parameters=parameters))
    if len(parameters) != 1 or not isinstance(given, cst.Name) or frame.function is None:
        return None
    number = next((p.default for p in frame.function.parameters if p.name in parameters), None)
    read = reader.read(where, frame.source.nodes[number]) if number is not None else None
    return tuple(replace(text, default=True) for text in read) if read else None


def _parameters(frame: Frame, reader: TextReader, where: Where, given: cst.CSTNode) -> frozenset[str]:
    """The parameters of the function that an expression reads."""
    if frame.function is None:
        return frozenset()
    own = {p.name for p in frame.function.parameters if p.kind not in ("star", "double-star")}
    own -= {"self", "cls"}
    read = [node for node in walk(given) if type(node) is cst.Name and node.value in own]
    return frozenset(node.value for node in read if reader.values_of(where, node) is None)


def _tested(where: Where, given: cst.CSTNode, parameters: frozenset[str]) -> bool:
    """Whether the function around asks more of the parameters than whether there is something."""
    function = where.written.scope(given)
    for node in walk(function) if parameters else ():
        if isinstance(node, cst.Match):
            test: cst.CSTNode = node.subject
        elif isinstance(node, (cst.If, cst.IfExp)):
            test = node.test
        else:
            continue
        if isinstance(test, cst.UnaryOperation):
            test = test.expression
        if isinstance(test, cst.Comparison) and isinstance(test.comparisons[0].operator, (cst.Is, cst.IsNot)):
            test = test.left
        if not isinstance(test, cst.Name) and any(type(n) is cst.Name and n.value in parameters for n in walk(test)):
            return True
    return False


def given(
    frame: Frame,
    module: str,
    definition: FunctionDefinition,
    function: Function,
    wanted: frozenset[HandedUrl],
    arguments: list[Argument],
    site: Site,
) -> None:
    """A function that makes an engine of what it is given was called at `site`."""
    if frame.muted or frame.patched:
        # where something is patched it may be what makes engines
        return
    skip = function.receiver is not None and definition.cls is not None
    skip = skip and not frame.program.is_static(module, definition)
    bound = _bound(frame, definition, function, arguments, skip)
    reader, here = TextReader(frame.program), Where(frame.module, frame.source)
    for made in sorted(wanted, key=repr):
        mine = [(name, bound[name]) for name in sorted(made.parameters) if name in bound]
        there = reader.where(made.module)
        if not mine or there is None:
            continue
        nodes = {name: frame.source.nodes[argument.site.node] for name, argument in mine}
        texts = tuple((name, reader.read(here, node)) for name, node in nodes.items())
        expression = there.source.nodes[made.node]
        found = reader.read(replace(there, given=texts), expression)
        first = mine[0][1].site
        if found is None:
            if isinstance(expression, cst.Name):
                again = replace(made, module=frame.module, node=first.node)
                expected(frame, reader, here, nodes[mine[0][0]], again)
            continue
        frame.state_fact(
            UrlGiven(
                first,
                made.function,
                tuple(text.parts for text in found),
                made.is_async,
                site,
                found[0].site if len(found) == 1 else None,
                any(text.default for text in found),
                frame.program.versions,
                made.settled,
            )
        )


def _bound(
    frame: Frame, definition: FunctionDefinition, function: Function, arguments: list[Argument], skip: bool
) -> dict[str, Argument]:
    """The arguments that stand in this file, by the parameter that they are for."""
    names = [p.name for p in definition.parameters if p.kind in ("positional", "positional-only")]
    names = names[1:] if skip else names
    if function.given or any(argument.star for argument in arguments):
        return {}
    plain = [argument for argument in arguments if argument.keyword is None]
    found = dict(zip(names, plain, strict=False))
    found.update({argument.keyword: argument for argument in arguments if argument.keyword is not None})
    return {name: argument for name, argument in found.items() if argument.site.path == frame.path}
