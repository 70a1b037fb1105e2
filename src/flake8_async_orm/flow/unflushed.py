"""Values that an instance made here has only once it is flushed: its generated key, and what the database fills in.

Until then the attribute is None. What may flush is anything that is awaited: it may autoflush, or have the session somewhere.
"""

from __future__ import annotations

import re

import libcst as cst

from flake8_async_orm.facts import UnflushedValueRead
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.instances import instance_name, session_name
from flake8_async_orm.flow.syntax import dotted_name
from flake8_async_orm.lattice import InstanceState, State
from flake8_async_orm.project.definitions import MappedAttribute, MappedClass
from flake8_async_orm.project.names import Found
from flake8_async_orm.source import Source
from flake8_async_orm.values import Instance, Place, Site, replace

_NOTHING: frozenset[str] = frozenset()


def columns(mapped: MappedClass, given: set[str]) -> frozenset[str]:
    """The columns that a constructor which was given these attributes leaves to the flush."""
    if not mapped.complete:
        return _NOTHING
    return frozenset(
        attribute.name
        for attribute in mapped.attributes.values()
        if attribute.kind == "column" and attribute.name not in given and _left_to_flush(mapped, attribute)
    )


def _left_to_flush(mapped: MappedClass, attribute: MappedAttribute) -> bool:
    if attribute.foreign_key or attribute.default_factory:
        return False
    if (mapped.dataclass or mapped.sqlmodel) and attribute.default != "none":
        # there a default is one of the constructor's
        return False
    return attribute.primary_key or attribute.server_default or attribute.default == "sql"


def made(frame: Frame, unset: frozenset[str]) -> frozenset[str]:
    """An instance was made that has no value in the columns `unset`."""
    if unset:
        frame.unset = True
    return unset


def forget(frame: Frame, state: State) -> None:
    """Something may have flushed: nothing is known to have no value any more."""
    if frame.unset:
        for place, known in state.heap.items():
            if isinstance(known, InstanceState) and known.unset:
                state.heap[place] = replace(known, unset=_NOTHING)


def read(frame: Frame, state: State, instance: Instance, attribute: MappedAttribute, site: Site) -> None:
    """A column is read at `site`."""
    known = state.instance(instance.place)
    if known is None or instance.place is None or attribute.name not in known.unset:
        return
    if frame.outer is not None and instance.place in frame.outer.heap:
        # a nested function runs some time, when the instance may have been flushed
        return
    if known.life not in ("transient", "pending"):
        return
    if _asked(frame.source, site) or _related(frame, instance, site):
        # who asks knows that there may be none
        state.heap[instance.place] = replace(known, unset=known.unset - {attribute.name})
    elif known.life == "transient":
        state.heap[instance.place] = replace(known, early=known.early | {(site, attribute.name)})
    elif known.session_async:
        _stated(frame, state, instance.place, known, attribute, site, True)


def added(frame: Frame, state: State, place: Place, known: InstanceState) -> None:
    """The instance at `place` was added to a session after it had been read."""
    mapped = frame.program.project.mapped(known.model)
    if mapped is None or not known.session_async:
        return
    for site, name in sorted(known.early):
        if site.path == frame.path and name in mapped.attributes:
            _stated(frame, state, place, known, mapped.attributes[name], site, False)


def _stated(
    frame: Frame,
    state: State,
    place: Place,
    known: InstanceState,
    attribute: MappedAttribute,
    site: Site,
    already: bool,
) -> None:
    fact = UnflushedValueRead(
        site,
        known.model,
        attribute.name,
        known.origin,
        already,
        attribute.primary_key,
        instance_name(state, place),
        session_name(state, known.session),
        frame.is_async,
    )
    frame.state_fact(fact, attribute.name)


def _asked(source: Source, site: Site) -> bool:
    """Whether the expression at `site` stands where it is asked whether there is a value."""
    number = site.node
    for above in range(number - 1, -1, -1):
        if source.last_below(above) < number:
            continue
        node = source.nodes[above]
        if isinstance(node, cst.BooleanOperation | cst.Assert) or (
            isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Not)
        ):
            return True
        if isinstance(node, cst.Comparison) and any(_is_none(target) for target in node.comparisons):
            return True
        if isinstance(node, cst.If | cst.While | cst.IfExp):
            return source.last_below(source.number(node.test)) >= number >= source.number(node.test)
        if isinstance(node, cst.BaseSmallStatement | cst.BaseCompoundStatement | cst.Lambda):
            return isinstance(node, cst.Expr) and node.value is source.nodes[number]
    return False


def _related(frame: Frame, instance: Instance, site: Site) -> bool:
    """Whether the key at `site` goes into a constructor whose instance is related to its owner too: the flush puts it there."""
    source = frame.source
    read = source.nodes[site.node]
    above = (source.nodes[n] for n in range(site.node - 1, -1, -1) if source.last_below(n) >= site.node)
    argument, call = next(above, None), next(above, None)
    if type(read) is not cst.Attribute or type(argument) is not cst.Arg or type(call) is not cst.Call:
        return False
    owner = _text(source, read.value)
    if any(_text(source, given.value) == owner for given in call.args):
        return True
    mapped = frame.program.project.mapped(instance.model)
    made = frame.program.project.resolve(frame.module, dotted_name(call.func) or "")
    if mapped is None or not isinstance(made, Found) or frame.function is None:
        return False
    span = source.span(frame.function.node)
    return any(
        re.search(rf"\b{re.escape(owner)}\.{a.name}(\s*=[^=]|\.(append|extend|add)\()", source.text[span.start : span.end])
        for a in mapped.tracked
        if a.kind == "relationship" and a.target == made.name
    )


def _text(source: Source, node: cst.CSTNode) -> str:
    span = source.span(source.number(node))
    return source.text[span.start : span.end]


def _is_none(target: cst.ComparisonTarget) -> bool:
    other = target.comparator
    return isinstance(target.operator, cst.Is | cst.IsNot) or (isinstance(other, cst.Name) and other.value == "None")
