"""`lazy="dynamic"` relationships: queries of the sync API, which run when they are iterated or asked for rows."""

from __future__ import annotations

from flake8_async_orm.facts import DynamicRelationshipQueried
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.instances import fails
from flake8_async_orm.flow.loading import state_of
from flake8_async_orm.lattice import State
from flake8_async_orm.project.definitions import MappedAttribute
from flake8_async_orm.values import DynamicRelationship, Instance, Site, Unknown, Value

#: methods of the query that run it
RUNS = frozenset("all count first one one_or_none scalar".split())
#: methods that give another query
_NARROWS = frozenset(
    "filter filter_by order_by limit offset join outerjoin where distinct group_by having options slice with_entities".split()
)


def value(frame: Frame, state: State, instance: Instance, attribute: MappedAttribute) -> Value:
    """What reading a dynamic relationship gives. It emits nothing by itself."""
    known = state_of(frame, state, instance)
    if known is None or known.life != "persistent" or not fails(frame, known):
        return Unknown("a dynamic relationship")
    return DynamicRelationship(instance.model, attribute.name, known.origin)


def queried(frame: Frame, found: DynamicRelationship, how: str, site: Site) -> Value:
    """The query of a dynamic relationship is run at `site`."""
    frame.state_fact(
        DynamicRelationshipQueried(site, found.model, found.name, how, found.origin, _declared(frame, found))
    )
    return Unknown("rows of a dynamic relationship")


def _declared(frame: Frame, found: DynamicRelationship) -> Site | None:
    """Where the relationship is declared; None where a targeted version knows no write-only ones."""
    mapped = frame.program.project.mapped(found.model)
    attribute = mapped.attributes.get(found.name) if mapped is not None else None
    source = frame.program.project.source(attribute.module) if attribute is not None else None
    if "1.4" in frame.program.versions or source is None or attribute is None or attribute.node is None:
        return None
    return Site(source.path, attribute.node)


def method(frame: Frame, found: DynamicRelationship, name: str, site: Site) -> Value:
    """A method of a dynamic relationship is called at `site`."""
    if name in RUNS:
        return queried(frame, found, name, site)
    return found if name in _NARROWS else Unknown(f"`{name}` of a dynamic relationship")
