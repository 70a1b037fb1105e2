"""What a query, or the mapping alone, gives the attributes of a mapped instance.

The rules follow SQLAlchemy's documentation ("Relationship Loading Techniques") and were confirmed by running 1.4, 2.0 and 2.1.
"""

from __future__ import annotations

from collections.abc import Iterable

from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.identity import MADE, exonerate, held_by, keyed_there, keys_of, subfamily
from flake8_async_orm.knowledge import names
from flake8_async_orm.lattice import ACCUSING, InstanceState, State, join_instances
from flake8_async_orm.project.definitions import MappedAttribute, MappedClass
from flake8_async_orm.values import ApiObject, Collection, Instance, Load, Place, Site, Unknown, Value, replace

#: mapping strategies after which a read is free
EAGER = frozenset({"selectin", "joined", "subquery", "immediate", "noload", "dynamic", "write_only"})
#: those with which a query brings nothing of the other side
LAZILY = frozenset({"select", "raise", "raise_on_sql", "noload", "dynamic", "write_only"})
COLUMN_OPTIONS = frozenset({"load_only", "load_only_raise", "defer", "defer_raise", "undefer", "undefer_group"})
#: options of a statement after which a read is free, and those that take away what the mapping says
FILLING = names.LOADING | {"undefer"}
UNLOADING = frozenset({"lazyload", "raiseload", "noload"})
#: kinds of attributes that a query fills with a value of the row, whatever it is told
PLAIN = frozenset({"column", "column_property"})
#: behind a model in `SessionState.models`: rows were met with all their columns that are not deferred
ALL_COLUMNS = ":*"
#: in `SessionState.models`: the session was met when it may have loaded whatever it likes
ANYTHING = ":anything"
#: behind a model: a row of it was inserted in the transaction that is open
NEW = "!new"
#: behind a model: rows of it may point to nothing since what they pointed to was deleted
NULLED = "!nulled"
#: states that loading the row anew ends
STALE = frozenset({"expired", "generated", "committed"})
#: marks in `SessionState.models` a model of which rows were met, by whatever way
MET = "~"


def stops_at_itself(mapped: MappedClass, attribute: MappedAttribute) -> bool:
    """Whether an eager collection of the mapping loads nothing: the way to it comes by its own class, and `join_depth` is not given."""
    return (
        attribute.lazy in ("selectin", "joined", "subquery")
        and attribute.uselist is True
        and attribute.join_depth is None
        and attribute.target == mapped.name
        and not mapped.polymorphic
    )


def by_mapping(mapped: MappedClass, attribute: MappedAttribute) -> str:
    """The state that the mapping alone gives to an attribute of an instance that a query has loaded."""
    if attribute.kind == "relationship":
        if attribute.lazy is None:
            return "maybe"
        if attribute.lazy in ("raise", "raise_on_sql"):
            return "raises"
        if attribute.lazy in ("selectin", "joined", "subquery") and attribute.target is not None:
            if stops_at_itself(mapped, attribute):
                return "unloaded"
            family = {mapped.name, *mapped.bases}
            # an eager self-reference stops where the path returns to the mapper; what a given row has depends on depth
            return "maybe" if attribute.target in family else "loaded"
        return "loaded" if attribute.lazy in EAGER else "unloaded"
    if attribute.kind in ("column", "column_property"):
        return "maybe" if attribute.deferred is None else "unloaded" if attribute.deferred else "loaded"
    return "maybe" if attribute.kind in ("other", "query_expression", "association_proxy", "hybrid") else "loaded"


def tracked(mapped: MappedClass) -> tuple[MappedAttribute, ...]:
    """The attributes whose states are kept one by one: relationships and deferred columns."""
    return mapped.tracked


def entry_state(frame: Frame, model: str) -> InstanceState | None:
    """An instance as the caller handed it over."""
    mapped = frame.program.project.mapped(model)
    if mapped is None:
        return None
    return InstanceState(model, {a.name: "entry" for a in tracked(mapped)}, columns="entry", life="unknown")


def state_of(frame: Frame, state: State, instance: Instance) -> InstanceState | None:
    """What is known of an instance here; parameters begin as their caller has them."""
    if instance.place is None:
        return None
    known = state.instance(instance.place)
    if known is None and isinstance(instance.place.root, str) and instance.place.root.startswith("param:"):
        known = entry_state(frame, instance.model)
        if known is not None:
            state.heap[instance.place] = known
    return known


def related_value(attribute: MappedAttribute, place: Place | None) -> Value:
    """What a relationship holds, as a value at its own place."""
    if attribute.target is None or attribute.lazy in ("dynamic", "write_only") or attribute.uselist is None:
        return Unknown("relationship to an unknown class")
    if attribute.uselist:
        inner = Instance(attribute.target, place.at(attribute.name, "[]") if place else None)
        return Collection(inner, "list", place.at(attribute.name) if place else None)
    return Instance(attribute.target, place.at(attribute.name) if place else None)


def loaded(
    frame: Frame,
    state: State,
    place: Place,
    model: str,
    session: ApiObject | None,
    loads: tuple[Load, ...],
    complete: bool,
    origin: Site,
    text: str,
    statement: Site | None = None,
    path: tuple[tuple[str, str], ...] = (),
    parent: str | None = None,
    beside: frozenset[str] = frozenset(),
    key: str = "",
    anew: bool = False,
    got: bool = False,
    option: str = "",
) -> None:
    """An instance of `model` came out of the database into `place`; `beside` are the models of the same row.

    `anew`: whatever the session has of it is replaced. `got`: by its key, so that what the session has of it stays as it is.
    `option`: see `InstanceState`.
    """
    mapped = frame.program.project.mapped(model)
    if mapped is None:
        return
    attributes = {attribute.name: by_mapping(mapped, attribute) for attribute in tracked(mapped)}
    apply_loads(mapped, attributes, loads)
    held = state.session(session.place if session else None)
    for attribute in tracked(mapped):
        name = attribute.name
        if attributes[name] not in ACCUSING:
            continue
        replaced = anew and attribute.kind != "column_property"
        nulled = attribute.uselist is not True and f"{model}{NULLED}" in held.models
        there = ANYTHING in held.models or (f"{model}:{name}" in held.models and not replaced)
        if not complete or nulled or there:
            attributes[name] = "maybe"
        elif attributes[name] == "raises" and attribute.lazy != "raise_on_sql":
            # refused, whatever the session holds
            continue
        elif attribute.uselist is not True and attribute.target is not None:
            family = {attribute.target, *subfamily(frame, attribute.target)}
            at_hand = bool((held.models | beside) & family) or parent in family
            if any(attributes.get(key) in ACCUSING for key in keys_of(frame, mapped, attribute)):
                # it cannot even be told which one
                continue
            if at_hand and keyed_there(frame, mapped, attribute):
                continue
            if parent in family and attribute.uselist is False and attributes[name] != "unloaded":
                attributes[name] = "loaded"
            elif at_hand:
                attributes[name] = "held" if attribute.uselist is False else "maybe"
    for name, mark in attributes.items():
        if mark in ACCUSING and _is_plain(mapped.attributes[name]):
            # what an option alone leaves out stays as it is
            replaced = anew and mapped.attributes[name].kind == "column" and mapped.attributes[name].deferred is True
            met = {f"{model}{ALL_COLUMNS}", f"{model}:{name}", ANYTHING}
            there = not replaced and not met.isdisjoint(held.models)
            attributes[name] = "maybe" if there or not complete else mark
    fresh = InstanceState(
        model,
        attributes,
        session=session.place if session else None,
        session_async=is_async(session),
        origin=origin,
        origin_text=text,
        statement=statement,
        path=path,
        loads=loads if complete else (),
        key=key,
        fresh=f"{model}{NEW}" in held.models,
        option=option,
    )
    state.heap[place] = fresh
    if session is not None and session.place is not None:
        if parent is None and (anew or not got):
            exonerate(frame, state, place)
        marks = {model, *(f"{model}:{name}" for name, known in attributes.items() if known == "loaded")}
        if not any(mark in ACCUSING and _is_plain(mapped.attributes[name]) for name, mark in attributes.items()):
            marks.add(f"{model}{ALL_COLUMNS}")
        else:
            marks |= {f"{model}:{a.name}" for a in mapped.attributes.values() if attributes.get(a.name) not in ACCUSING}
        if parent is None:
            brought, brought_by_name = below(frame, model, fresh.loads)
            if got:
                # a row that is there is loaded again as it was; by a query as this one says
                brought = brought.union((model, *mapped.bases))
            renew(frame, state, fresh.session, brought, place)
            filled(frame, state, fresh.session, brought_by_name)
            marks |= {f"{MET}{other}" for other in brought.union((model, *mapped.bases))} | brought_by_name
        state.heap[session.place] = replace(held, models=held.models | marks, used=held.used or parent is None)


def below(frame: Frame, model: str, loads: tuple[Load, ...]) -> tuple[frozenset[str], frozenset[str]]:
    """What comes with one of `model`: the models of the rows, and what is loaded of them (as `Model:attribute`)."""
    found: set[str] = set()
    filled: set[str] = set()
    waiting = [(target, options) for _, target, options in _eagerly(frame, model, loads)]
    seen: set[tuple[str, tuple[Load, ...]]] = set()
    while waiting:
        name, options = waiting.pop()
        mapped = frame.program.project.mapped(name)
        if mapped is not None and (name, options) not in seen:
            seen.add((name, options))
            found.update((name, *mapped.bases))
            if not any(load.strategy in COLUMN_OPTIONS for load in options):
                filled.add(f"{name}{ALL_COLUMNS}")
            else:
                told = {a.name: "loaded" for a in mapped.attributes.values() if _is_plain(a)}
                apply_to_columns(mapped, told, options)
                filled.update(f"{name}:{column}" for column, mark in told.items() if mark not in ACCUSING)
            filled.update(f"{name}:{load.attribute}" for load in options if load.strategy in FILLING)
            for attribute, target, further in _eagerly(frame, name, options):
                filled.add(f"{name}:{attribute}")
                waiting.append((target, further))
    return frozenset(found), frozenset(filled)


def filled(
    frame: Frame, state: State, session: Place | None, loaded_there: frozenset[str], marks_of: frozenset[str] = ACCUSING
) -> None:
    """Attributes (`Model:attribute`) of rows were loaded or assigned: an instance that the session holds may have them now."""
    for place, known in held_by(state, session) if loaded_there else ():
        if known.life == "detached":
            continue
        marks = {
            name: "maybe"
            for name, mark in known.attributes.items()
            if mark in marks_of
            and (f"{known.model}:{name}" in loaded_there or _is_in(frame, known.model, name, loaded_there))
        }
        if marks:
            state.heap[place] = known.set(marks)


def _is_in(frame: Frame, model: str, name: str, filled: frozenset[str]) -> bool:
    mapped = frame.program.project.mapped(model) if f"{model}{ALL_COLUMNS}" in filled else None
    return mapped is not None and name in mapped.attributes and _is_plain(mapped.attributes[name])


def _is_plain(attribute: MappedAttribute) -> bool:
    """Whether a query loads the attribute if it is told nothing."""
    return attribute.kind in PLAIN and attribute.deferred is not True


def _eagerly(frame: Frame, model: str, loads: tuple[Load, ...]) -> list[tuple[str, str, tuple[Load, ...]]]:
    """The relationships that are loaded with `model`: name, target, the options below it."""
    mapped = frame.program.project.mapped(model)
    options = {load.attribute: load for load in loads}
    found = []
    for attribute in mapped.tracked if mapped is not None else ():
        option = options.get(attribute.name) or options.get("*")
        by_itself = attribute.lazy not in LAZILY and mapped is not None and not stops_at_itself(mapped, attribute)
        eager = by_itself if option is None else option.strategy not in UNLOADING
        if attribute.target is not None and eager:
            found.append((attribute.name, attribute.target, option.below if option is not None else ()))
    return found


def renew(frame: Frame, state: State, session: Place | None, models: frozenset[str], but: Place | None = None) -> None:
    """Rows of `models` were loaded: an instance that the session holds of one of them may be out of date no more."""
    for place, known in held_by(state, session):
        if (
            place == but
            or known.life == "detached"
            or known.model not in models
            or (known.columns not in STALE and STALE.isdisjoint(known.attributes.values()))
        ):
            continue
        mapped = frame.program.project.mapped(known.model)
        if mapped is not None:
            state.heap[place] = join_instances(known, reloaded(mapped, known))


def reloaded(mapped: MappedClass, known: InstanceState) -> InstanceState:
    """Everything that had expired was loaded again, as the statement did that first loaded the instance."""
    fresh = {attribute.name: by_mapping(mapped, attribute) for attribute in tracked(mapped)}
    apply_loads(mapped, fresh, known.loads, columns=False)
    if known.origin_text == MADE:
        # the key of a many-to-one may be NULL
        for attribute in mapped.tracked:
            if attribute.kind == "relationship" and attribute.uselist is not True and fresh[attribute.name] in ACCUSING:
                fresh[attribute.name] = "maybe"
    attributes = {name: fresh.get(name, "loaded") if mark in STALE else mark for name, mark in known.attributes.items()}
    columns = "loaded" if known.columns in STALE else known.columns
    return replace(known, attributes=attributes, columns=columns)


def key_loaded(frame: Frame, mapped: MappedClass, known: InstanceState, attribute: MappedAttribute) -> InstanceState:
    """A many-to-one is refreshed by name: its key may be loaded for that, and with an expired key all that has expired."""
    if attribute.kind != "relationship" or attribute.uselist is True or keyed_there(frame, mapped, attribute):
        return known
    keys = keys_of(frame, mapped, attribute)
    if any(known.mark(key) in STALE for key in keys):
        known = join_instances(known, reloaded(mapped, known))
    return known.set({key: "maybe" for key in keys if known.mark(key) in ACCUSING})


def is_async(session: ApiObject | None) -> bool | None:
    return None if session is None else session.cls in names.ASYNC_SESSIONS


def apply_loads(mapped: MappedClass, attributes: dict[str, str], loads: tuple[Load, ...], columns: bool = True) -> None:
    """What a statement's options make of the attributes of one level; not `columns`: of relationships only."""
    for load in sorted(loads, key=lambda load: load.attribute != "*"):
        targets = [load.attribute]
        if load.attribute == "*":
            targets = [name for name in attributes if mapped.attributes[name].kind == "relationship"]
        for name in targets:
            if name not in attributes or not (columns or mapped.attributes[name].kind == "relationship"):
                continue
            if load.strategy in names.LOADING:
                attributes[name] = "loaded"
            elif load.strategy == "raiseload":
                attributes[name] = "raises"
            elif load.strategy == "lazyload":
                attributes[name] = "unloaded"
    if columns and any(load.strategy in COLUMN_OPTIONS for load in loads):
        apply_to_columns(mapped, attributes, loads)


def apply_to_columns(mapped: MappedClass, attributes: dict[str, str], loads: tuple[Load, ...]) -> None:
    """What `load_only`, `defer`, `undefer` and `undefer_group` make of the columns of one level."""
    only = {load.attribute for load in loads if load.strategy in ("load_only", "load_only_raise")}
    without = "raises" if any(load.strategy == "load_only_raise" for load in loads) else "unloaded"
    if not any(a.primary_key for a in mapped.attributes.values()) or mapped.polymorphic:
        # the key and the discriminator are loaded always; which columns these are is not known
        without = "maybe"
    named = {load.attribute: load.strategy for load in loads if load.strategy in COLUMN_OPTIONS}
    for attribute in mapped.attributes.values():
        name, mark = attribute.name, ""
        if attribute.kind == "composite":
            attributes[name] = "maybe"
        if attribute.kind not in ("column", "column_property") or attribute.primary_key:
            continue
        if only:
            mark = "loaded" if name in only else without
        match named.get(name) or named.get("*"):
            case "defer" | "defer_raise" as strategy:
                mark = "raises" if strategy == "defer_raise" else "unloaded" if without != "maybe" else "maybe"
            case "undefer":
                mark = "loaded"
        if attribute.deferred and any(
            load.strategy == "undefer_group" and load.attribute == attribute.deferred_group for load in loads
        ):
            mark = "loaded"
        if mark and not (mark == "loaded" and name not in attributes):
            attributes[name] = mark


def remember(state: State, known: InstanceState, loaded_names: Iterable[str], *models: str) -> None:
    """The session now holds an instance with these attributes loaded: another query may meet it."""
    if known.session is None:
        return
    held = state.session(known.session)
    marks = frozenset([*(f"{known.model}:{name}" for name in loaded_names), *models])
    state.heap[known.session] = replace(held, models=held.models | marks)
