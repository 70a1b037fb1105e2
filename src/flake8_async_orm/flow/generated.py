"""Values that the database makes, and that a flush does not fetch.

The rows were found by running SQLAlchemy 1.4, 2.0 and 2.1 on SQLite and PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Set

from flake8_async_orm.project.definitions import MappedAttribute, MappedClass


def by_update(mapped: MappedClass, attribute: MappedAttribute) -> bool:
    """Whether an UPDATE of its row leaves an attribute without its new value, in every version."""
    if attribute.kind == "column_property":
        return not attribute.deferred
    made = attribute.kind == "column" and (attribute.onupdate == "sql" or attribute.server_onupdate)
    return made and mapped.eager_defaults is not True


def by_insert(versions: Set[str], mapped: MappedClass, attribute: MappedAttribute) -> bool:
    """Whether an INSERT leaves an attribute without its value in every one of `versions`, if it was not given one.

    From 2.0 on it comes with RETURNING, which all databases but MySQL have.
    """
    if attribute.kind == "column_property":
        return not attribute.deferred
    if attribute.kind != "column" or attribute.primary_key:
        return False
    if not attribute.server_default and attribute.default != "sql":
        return False
    return mapped.eager_defaults is False or (mapped.eager_defaults is None and versions == {"1.4"})
