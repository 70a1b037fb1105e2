"""Results whose rows repeat an entity, because its statement joins a collection to it; and how they are fetched.

Source: SQLAlchemy's "Joined Eager Loading" and the methods of its results; which of them refuse was found by running them.
"""

from __future__ import annotations

from flake8_async_orm.facts import RowsFetched
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.knowledge import behaviour, names
from flake8_async_orm.project.definitions import MappedAttribute, MappedClass
from flake8_async_orm.values import ApiObject, Class, Load, Site, Statement

Flags = frozenset[tuple[str, object]]
NOTHING: Flags = frozenset()
#: strategies that put an attribute's rows into those of the statement
JOINING = frozenset({"joinedload", "contains_eager"})


def flags_of(frame: Frame, statement: Statement) -> Flags:
    """What a result of `statement` is marked with: the collection that it joins, if it surely does."""
    if statement.kind != "select":
        return NOTHING
    for entity in statement.entities:
        mapped = frame.program.project.mapped(entity.name) if isinstance(entity, Class) else None
        if mapped is None:
            continue
        order = frame.program.project.mro(mapped.name)[0]
        mine = tuple(load for load in statement.loads if load.model is None or load.model in order)
        found = _joined(frame, mapped, mine, statement.complete, (mapped.name,))
        if found is not None:
            model, attribute, by = found
            return frozenset({("joined", f"{model}.{attribute}"), ("joined_by", by)})
    return NOTHING


def _joined(
    frame: Frame, mapped: MappedClass, loads: tuple[Load, ...], complete: bool, path: tuple[str, ...]
) -> tuple[str, str, str] | None:
    """The first collection that is joined to `mapped` or to what is joined to it: (model, attribute, option or mapping)."""
    for attribute in mapped.attributes.values():
        if attribute.kind != "relationship" or attribute.uselist is None:
            continue
        own = [load for load in loads if load.attribute == attribute.name]
        by = _joined_by(mapped, attribute, own, loads, complete)
        if by is None:
            continue
        if attribute.uselist:
            return mapped.name, attribute.name, by
        target = frame.program.project.mapped(attribute.target) if attribute.target is not None else None
        if target is None or (by == "mapping" and target.name in path):
            continue
        below = tuple(step for load in own for step in load.below)
        found = _joined(frame, target, below, complete, (*path, target.name))
        if found is not None:
            return found
    return None


def _joined_by(
    mapped: MappedClass, attribute: MappedAttribute, own: list[Load], loads: tuple[Load, ...], complete: bool
) -> str | None:
    """How an attribute comes to be joined: by an `option`, by the `mapping`, or (None) not for sure."""
    said = {load.strategy for load in own} - {"defaultload"}
    if said:
        return "option" if said <= JOINING else None
    general = {load.strategy for load in loads if load.attribute == "*"}
    if general:
        return "option" if general <= JOINING else None
    itself = attribute.target in (mapped.name, *mapped.bases)
    return "mapping" if complete and attribute.lazy == "joined" and not itself else None


def made_unique(result: ApiObject, name: str) -> Flags:
    """The flags of what the method `name` of a result gives."""
    return result.flags | {("unique", True)} if name == "unique" and result.flags else result.flags


def fetched(frame: Frame, result: ApiObject, member: str, site: Site, receiver: Site) -> None:
    """Rows are taken from `result`, the expression at `receiver`: by its method `member`, or (empty) by iteration."""
    if not result.flags or (member and member not in behaviour.FETCHING):
        return
    known = dict(result.flags)
    joined = known.get("joined")
    if not isinstance(joined, str) or result.cls not in names.RESULTS:
        return
    model, _, attribute = joined.rpartition(".")
    made = result.place.root if result.place is not None and isinstance(result.place.root, Site) else None
    frame.state_fact(
        RowsFetched(
            site,
            receiver,
            result.cls,
            member,
            model,
            attribute,
            str(known.get("joined_by")),
            "unique" in known,
            made,
        )
    )
