"""Statements and loader options as they are built up.

Source: SQLAlchemy's "Relationship Loading Techniques" and "ORM Querying Guide"; the odd rows (two arguments of one loader, `defaultload`) were
found by running them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from flake8_async_orm.knowledge import names
from flake8_async_orm.values import (
    EMPTY,
    Class,
    Collection,
    Constant,
    Load,
    LoaderOption,
    ModelAttribute,
    Site,
    Statement,
    Tuple,
    Unknown,
    Value,
    replace,
)

#: methods of statements that leave rows and options as they are
_KEEPING = frozenset(
    "where filter filter_by order_by limit offset join outerjoin join_from outerjoin_from select_from group_by having distinct with_for_update "
    "execution_options prefix_with suffix_with with_hint correlate correlate_except slice fetch params values from_statement "
    "on_conflict_do_update on_conflict_do_nothing on_duplicate_key_update ordered_values with_statement_hint set_label_style add_cte "
    "inline reduce_columns".split()
)
#: methods that make something else of a statement
_LEAVING = frozenset(
    "subquery cte scalar_subquery alias exists label as_scalar lateral compile union union_all intersect except_ bindparams columns".split()
)


#: how SQL begins that changes rows
WRITES = re.compile(r"\s*(insert|update|delete|replace|merge)\b", re.IGNORECASE)


def begin(
    kind: str, arguments: list[Value], site: Site, by_sqlmodel: bool = False, starred: bool = False
) -> Statement:
    """`select(...)`, `insert(...)` and the like, called at `site`; `starred` if there are arguments that cannot be told.

    SQLModel's `select` of one thing is flagged: its `exec` gives that and no rows (`SelectOfScalar`).
    """
    entities = tuple(entity(argument) for argument in arguments)
    if kind in ("insert", "update", "delete"):
        target = entities[:1]
        return Statement(
            kind, (), site=site, last=site, flags=frozenset({f"of:{t.name}" for t in target if isinstance(t, Class)})
        )
    if kind == "text":
        written = arguments[0].value if arguments and isinstance(arguments[0], Constant) else None
        writes = isinstance(written, str) and WRITES.match(written) is not None
        return Statement("text", (), site=site, last=site, flags=frozenset({"writes"} if writes else ()))
    if kind == "compound":
        return Statement("select", (Unknown("compound"),), complete=False, site=site, last=site)
    if len(arguments) == 1 and not starred and isinstance(arguments[0], (Collection, Tuple)):
        return Statement("select", (Unknown("column list"),), site=site, last=site)
    if starred:
        return Statement("select", complete=False, site=site, last=site)
    flags = frozenset({"scalar"} if by_sqlmodel and len(arguments) == 1 else ())
    return Statement("select", entities, site=site, last=site, flags=flags)


def entity(argument: Value) -> Value:
    """What one argument of `select` puts into a row: a mapped class, or a column."""
    if isinstance(argument, Class):
        return argument
    if isinstance(argument, ModelAttribute):
        return argument
    return Unknown("column")


def method(statement: Statement, name: str, arguments: list[Value], starred: list[Value], site: Site) -> Value:
    """A method called on a statement."""
    if name == "options":
        return with_options(statement, arguments, starred, site)
    if name == "returning":
        entities = tuple(entity(argument) for argument in arguments)
        return replace(statement, entities=entities, last=site, flags=statement.flags | {"returning"})
    if name == "with_only_columns":
        return replace(statement, entities=tuple(entity(a) for a in arguments), last=site)
    if name in ("add_columns", "column", "add_column"):
        return replace(statement, entities=statement.entities + tuple(entity(a) for a in arguments), last=site)
    if name == "return_defaults":
        return replace(statement, last=site, flags=statement.flags | {"returning"})
    if name in _LEAVING:
        return Unknown(f"statement turned by `{name}`")
    if name == "with_for_update":
        return replace(statement, last=site, flags=statement.flags | {"locks"})
    if name in _KEEPING:
        return replace(statement, last=site)
    return replace(statement, complete=False, last=site)


def told(statement: Statement, options: Mapping[str, Value]) -> Statement:
    """`statement.execution_options(...)`"""
    flags = set(statement.flags)
    if options.get("populate_existing") == Constant(True):
        flags.add("populate_existing")
    if options.get("synchronize_session") == Constant(False):
        flags.add("unsynchronized")
    elif options.get("synchronize_session", Constant("evaluate")) != Constant("evaluate"):
        flags.add("synchronized")
    return replace(statement, flags=frozenset(flags))


def with_options(statement: Statement, arguments: list[Value], starred: list[Value], site: Site) -> Statement:
    """`statement.options(...)`; what cannot be read may load anything."""
    loads, complete = list(statement.loads), statement.complete
    for argument in [*arguments, *starred]:
        for option in options_in(argument):
            if option is None:
                complete = False
            else:
                loads.extend(option.loads)
                complete = complete and option.complete
    return replace(statement, loads=tuple(loads), complete=complete, last=site)


def options_in(value: Value) -> list[LoaderOption | None]:
    """The loader options in a value; None for each that cannot be read."""
    match value:
        case LoaderOption():
            return [value]
        case Tuple(items=items):
            return [option for item in items for option in options_in(item)]
        case Collection(of=LoaderOption() as option, kind="list" | "tuple"):
            return [option, None]
        case Constant(value=None):
            return []
        case Collection(of=of) if of == EMPTY:
            return []
        case _:
            return [None]


def spelled(strategy: str, keywords: dict[str, Value]) -> str:
    """The strategy with `_raise` behind it where it refuses what it leaves out (`load_only(..., raiseload=True)`)."""
    if strategy == "raiseload" and keywords.get("sql_only", Constant(False)) != Constant(False):
        # it refuses where a lazy load would ask the database
        return "lazyload"
    refuses = strategy in ("load_only", "defer") and keywords.get("raiseload", Constant(False)) != Constant(False)
    return f"{strategy}_raise" if refuses else strategy


def load(strategy: str, arguments: list[Value]) -> LoaderOption:
    """A loader function called: `selectinload(User.posts)`."""
    if strategy == "selectin_polymorphic":
        return LoaderOption(())
    if strategy in ("load_only", "load_only_raise", "undefer_group"):
        columns = [_step(strategy, argument) for argument in arguments]
        known = [column for column in columns if column is not None]
        return LoaderOption(tuple(known) if len(known) == len(columns) else (), len(known) == len(columns))
    if not arguments:
        return LoaderOption((), complete=False)
    steps = [_step(strategy, argument) for argument in arguments]
    if any(step is None for step in steps):
        return LoaderOption((), complete=False)
    found = [step for step in steps if step is not None]
    if strategy in ("defer", "defer_raise", "undefer"):
        return LoaderOption(tuple(found))
    # of several arguments only the last gets the strategy (joinedload(A.b, B.c) leaves A.b unloaded)
    chain = [replace(step, strategy="defaultload") for step in found[:-1]] + [found[-1]]
    option = chain[-1]
    for step in reversed(chain[:-1]):
        option = replace(step, below=(option,))
    return LoaderOption((option,), depth=len(chain))


def _step(strategy: str, argument: Value) -> Load | None:
    match argument:
        case ModelAttribute(model=model, name=name):
            return Load(name, strategy, model)
        case Constant(value=str() as name) if "." not in name:
            return Load(name, strategy)
        case _:
            return None


def chain(option: LoaderOption, name: str, arguments: list[Value], starred: list[Value]) -> LoaderOption:
    """A method called on a loader option: a further step, or `.options(...)` at its end."""
    if name == "options":
        below: list[Load] = []
        complete = option.complete
        for argument in [*arguments, *starred]:
            for inner in options_in(argument):
                if inner is None:
                    complete = False
                else:
                    below.extend(inner.loads)
                    complete = complete and inner.complete
        return replace(option, loads=_insert(option.loads, option.depth, tuple(below)), complete=complete)
    if name.removesuffix("_raise") not in names.STRATEGIES:
        return replace(option, complete=False)
    step = load(name, arguments)
    deeper = 0 if name.removesuffix("_raise") in ("load_only", "defer", "undefer", "undefer_group") else step.depth
    return LoaderOption(
        _insert(option.loads, option.depth, step.loads), option.complete and step.complete, option.depth + deeper
    )


def _insert(loads: tuple[Load, ...], depth: int, below: tuple[Load, ...]) -> tuple[Load, ...]:
    """`loads` with `below` put under the load that lies `depth` steps down along the last of each level."""
    if depth == 0:
        return loads + below
    if not loads:
        return loads
    *others, last = loads
    return (*others, replace(last, below=_insert(last.below, depth - 1, below)))
