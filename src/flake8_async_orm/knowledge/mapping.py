"""How SQLAlchemy and SQLModel spell the attributes of mapped classes."""

from __future__ import annotations

from collections.abc import Mapping

#: packages whose functions the table below is about
PACKAGES = frozenset({"sqlalchemy", "sqlmodel", "advanced_alchemy", "sqlalchemy_utils", "flask_sqlalchemy"})

#: last name of what is called -> what it makes ("" is not in the table: nothing that is mapped)
CONSTRUCTORS: dict[str, str] = {
    "Column": "column",
    "mapped_column": "column",
    "column": "column",
    "relationship": "relationship",
    "relation": "relationship",
    "RelationshipProperty": "relationship",
    "dynamic_loader": "dynamic",
    "deferred": "deferred",
    "column_property": "column_property",
    "composite": "composite",
    "synonym": "synonym",
    "query_expression": "query_expression",
    "association_proxy": "association_proxy",
    "hybrid_property": "hybrid",
    "Relationship": "sqlmodel-relationship",
    "Field": "field",
}

#: names of a class body that are about the mapping
RESERVED = frozenset({"metadata", "registry", "model_config", "type_annotation_map", "query", "query_class"})

HYBRIDS = frozenset({"hybrid_property"})

#: annotations that make an attribute mapped, and those that are no part of its type
MAPPED = frozenset({"Mapped", "DynamicMapped", "WriteOnlyMapped"})
WRAPPERS = MAPPED | {"AssociationProxy", "ClassVar", "InitVar"}
LAZY_BY_WRAPPER = {"DynamicMapped": "dynamic", "WriteOnlyMapped": "write_only"}

COLLECTIONS = frozenset(
    [
        "list",
        "List",
        "set",
        "Set",
        "frozenset",
        "FrozenSet",
        "Sequence",
        "MutableSequence",
        "Collection",
        "Iterable",
        "AbstractSet",
        "MutableSet",
        "tuple",
        "Tuple",
        "AppenderQuery",
        "WriteOnlyCollection",
        "InstrumentedList",
        "InstrumentedSet",
        "OrderingList",
    ]
)
KEYED_COLLECTIONS = frozenset(
    ["dict", "Dict", "Mapping", "MutableMapping", "KeyFuncDict", "MappedCollection", "OrderedDict", "DefaultDict"]
)

#: what may be written for `lazy` -> its one name
LAZY: Mapping[object, str] = {
    "select": "select",
    "joined": "joined",
    "selectin": "selectin",
    "subquery": "subquery",
    "immediate": "immediate",
    "noload": "noload",
    "raise": "raise",
    "raise_on_sql": "raise_on_sql",
    "dynamic": "dynamic",
    "write_only": "write_only",
    True: "select",
    False: "joined",
    None: "noload",
}

#: what stands among a column's positional arguments -> what it says of the column
SCHEMA_ITEMS: dict[str, dict[str, object]] = {
    "Computed": {"server_default": True, "server_onupdate": True},
    "Identity": {"server_default": True},
    "FetchedValue": {"server_default": True},
    "Sequence": {"default": "sql"},
}
