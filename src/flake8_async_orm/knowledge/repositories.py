"""Repositories and services of libraries: which model they are for, where their session comes from, what their methods do.

Source: the packages' own code, and running it (advanced-alchemy 1.12, sqlalchemy-crud-plus 1.13, fastcrud 0.23,
fastapi-users-db-sqlalchemy 7). A class is known by the package that it comes from and its name, by whatever path it is imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Method:
    """A method, which is a coroutine function.

    `gives`: one, one-or-none, many, many-and-count, one-and-flag, statement, none; anything else is not followed.
    `does`, one after the other: select (with the options), add (what is given as `data`, else something new), fetch-or-add, run, change
    and erase (statements that give no instances), commit, flush, refresh, expunge; behind a colon the switch on which it depends,
    `!` where that has to be off.
    `parameters`: those that may be given by position. `uses`: methods of the same object by which it does it.
    `through`: the method of the repository that one of a service calls.
    """

    gives: str = ""
    does: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    data: str = ""
    uses: tuple[str, ...] = ()
    through: str = ""


@dataclass(frozen=True, slots=True)
class Repository:
    """A class of a library.

    `model`: the attribute of the class that names its model, and the parameter of the constructor that does; the first type argument does
    in any case. `session`: the parameter of the constructor that takes the session; "" where methods take it, by `session_of_methods`.
    `options`: the parameters by which methods, and the constructor, take loader options, with the form that they have: spec (whatever
    advanced-alchemy takes), options (a list of loader options), names (of relationships, with strategies or without).
    `defaults`: the attribute of the class for them. `statement`: the parameter that takes the statement to begin with.
    `switches`: parameters of methods, and of the constructor, with what they are if nobody says. `doubtful`: attributes of classes, and
    parameters, that make something else of the options or of the rows. `service_of`: the attribute by which a service names the class
    of its repository, and the class if it names none.
    """

    methods: Mapping[str, Method]
    model: tuple[str, str] = ("", "")
    session: str = ""
    session_of_methods: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    defaults: str = ""
    statement: str = ""
    switches: Mapping[str, bool] = field(default_factory=dict)
    doubtful: frozenset[str] = frozenset()
    service_of: tuple[str, str] = ("", "")
    #: the parameters of the constructor that may be given by position
    constructor: tuple[str, ...] = ()
    #: the class method that gives, as a context manager, an object of the class
    entered_by: str = ""
    #: the method that writes instances out by a schema, and its parameters for both
    writer: tuple[str, str, str] = ("", "", "")


_AA = "advanced_alchemy"
_SETTLED = ("commit:auto_commit", "flush:!auto_commit")
_FRESH = ("refresh:auto_refresh", "expunge:auto_expunge")
_ONE = ("select", "expunge:auto_expunge")
_ID, _DATA, _ITEM = ("item_id",), ("data",), ("data", "item_id")

_READING = {
    "get": Method("one", _ONE, _ID),
    "get_one": Method("one", _ONE),
    "get_one_or_none": Method("one-or-none", _ONE),
    "get_many": Method("many", _ONE),
    "list": Method("many", _ONE, uses=("get_many",)),
    "get_many_and_count": Method("many-and-count", _ONE),
    "list_and_count": Method("many-and-count", _ONE, uses=("get_many_and_count",)),
    "count": Method("", ("run",)),
    "exists": Method("", ("run",), uses=("count",)),
}
_WRITING = {
    "update": Method("one", ("select", *_SETTLED, *_FRESH), _ITEM, uses=("get",)),
    "update_many": Method("", ("change", *_SETTLED), _DATA),
    "upsert": Method("one", ("fetch-or-add", *_SETTLED, *_FRESH), _ITEM, uses=("get_one_or_none", "add")),
    "upsert_many": Method("", ("change", *_SETTLED), _DATA),
    "get_or_upsert": Method("one-and-flag", ("fetch-or-add", *_SETTLED, *_FRESH), uses=("get_one_or_none", "add")),
    "get_and_update": Method("one-and-flag", ("select", *_SETTLED, *_FRESH), uses=("get_one",)),
    "delete": Method("", ("erase", *_SETTLED), _ID, uses=("get",)),
    "delete_many": Method("", ("erase", *_SETTLED), ("item_ids",)),
    "delete_where": Method("", ("erase", *_SETTLED), uses=("get_many",)),
}
_ADD = Method("one", ("add", *_SETTLED, *_FRESH), _DATA, data="data")
_ADD_MANY = Method("many", ("add", *_SETTLED, "expunge:auto_expunge"), _DATA, data="data")
_SWITCHES = {"auto_commit": False, "auto_expunge": False, "auto_refresh": True}
_DOUBTFUL = frozenset({"inherit_lazy_relationships", "merge_loader_options", "execution_options"})

_ASYNC_REPOSITORY = Repository(
    {**_READING, **_WRITING, "add": _ADD, "add_many": _ADD_MANY, "get_by_slug": Method("one-or-none", _ONE, ("slug",), uses=("get_one_or_none",))},
    model=("model_type", ""),
    session="session",
    options={"load": "spec"},
    defaults="loader_options",
    statement="statement",
    switches=_SWITCHES,
    doubtful=_DOUBTFUL,
)


def _through(methods: Mapping[str, Method], **others: str) -> dict[str, Method]:
    """The methods of a service, which call those of its repository."""
    found = {name: Method(m.gives, m.does, m.parameters, m.data, (), name) for name, m in methods.items()}
    for name, through in others.items():
        m = {"add": _ADD, "add_many": _ADD_MANY}[through]
        found[name] = Method(m.gives, m.does, m.parameters, m.data, ("to_model",), through)
    for name in ("list", "list_and_count"):
        found[name] = Method(found[name].gives, _ONE, uses=_READING[name].uses, through=_READING[name].uses[0])
    return found


_SERVICE = Repository(
    _through({**_READING, **_WRITING}, create="add", create_many="add_many"),
    model=("model_type", ""),
    session="session",
    options={"load": "spec"},
    defaults="loader_options",
    statement="statement",
    switches=_SWITCHES,
    doubtful=_DOUBTFUL,
    constructor=("session",),
    service_of=("repository_type", "advanced_alchemy.repository.SQLAlchemyAsyncRepository"),
    entered_by="new",
    writer=("to_schema", "data", "schema_type"),
)

_STORED = ("flush:flush", "commit:commit")
_WHERE = ("session", "pk")
_CRUD_PLUS = Repository(
    {
        "create_model": Method("one", ("add", *_STORED), ("session", "obj", "flush", "commit")),
        "create_models": Method("many", ("add", *_STORED), ("session", "objs", "flush", "commit")),
        "bulk_create_models": Method("", ("run", *_STORED), ("session", "objs", "render_nulls", "flush", "commit")),
        "count": Method("", ("run",), ("session",)),
        "exists": Method("", ("run",), ("session",)),
        "select_model": Method("one-or-none", ("select",), _WHERE),
        "select_model_by_column": Method("one-or-none", ("select",), ("session",), uses=("select",)),
        "select": Method("statement"),
        "select_order": Method("statement", (), ("sort_columns", "sort_orders"), uses=("select",)),
        "select_models": Method("many", ("select",), ("session",), uses=("select",)),
        "select_models_order": Method(
            "many", ("select",), ("session", "sort_columns", "sort_orders"), uses=("select_order", "select")
        ),
        "update_model": Method("", ("change", *_STORED), (*_WHERE, "obj", "flush", "commit")),
        "update_model_by_column": Method("", ("change", *_STORED), ("session", "obj", "allow_multiple", "flush", "commit")),
        "bulk_update_models": Method("", ("change", *_STORED), ("session", "objs", "pk_mode", "flush", "commit")),
        "delete_model": Method("", ("erase", *_STORED), (*_WHERE, "flush", "commit")),
        "delete_model_by_column": Method("", ("erase", *_STORED), ("session", "allow_multiple", "logical_deletion")),
    },
    model=("", "model"),
    constructor=("model",),
    session_of_methods="session",
    options={"load_options": "options", "load_strategies": "names"},
    switches={"flush": False, "commit": False},
    doubtful=frozenset({"join_conditions"}),
)

# what it gives are dictionaries and schemas
_FAST_CRUD = Repository(
    {
        **dict.fromkeys(("get", "get_multi", "exists", "count"), Method("", ("run",), ("db",))),
        **dict.fromkeys(("get_joined", "get_multi_joined", "get_multi_by_cursor"), Method("", ("run",), ("db",))),
        "create": Method("", ("run", "commit:commit"), ("db", "object", "commit")),
        "update": Method("", ("change", "commit:commit"), ("db", "object", "allow_multiple", "commit")),
        "db_delete": Method("", ("erase", "commit:commit"), ("db", "allow_multiple", "commit")),
        "delete": Method("", ("erase", "commit:commit"), ("db", "db_row", "allow_multiple", "commit")),
        "upsert": Method("", ("run",), ("db", "instance"), uses=("get", "create", "update")),
    },
    model=("", "model"),
    constructor=("model",),
    session_of_methods="db",
    switches={"commit": True},
)

_KEPT = ("commit", "refresh")
_USERS = Repository(
    {
        "get": Method("one-or-none", ("select",), ("id",)),
        "get_by_email": Method("one-or-none", ("select",), ("email",)),
        "get_by_oauth_account": Method("one-or-none", ("select",), ("oauth", "account_id")),
        "create": Method("one", ("add", *_KEPT), ("create_dict",)),
        "update": Method("one", ("add", *_KEPT), ("user", "update_dict"), data="user"),
        "delete": Method("none", ("erase", "commit"), ("user",)),
    },
    model=("user_table", "user_table"),
    constructor=("session", "user_table", "oauth_account_table"),
    session="session",
)
_TOKENS = Repository(
    {
        "get_by_token": Method("one-or-none", ("select",), ("token", "max_age")),
        "create": Method("one", ("add", *_KEPT), ("create_dict",)),
        "update": Method("one", ("add", *_KEPT), ("access_token", "update_dict"), data="access_token"),
        "delete": Method("none", ("erase", "commit"), ("access_token",)),
    },
    model=("access_token_table", "access_token_table"),
    constructor=("session", "access_token_table"),
    session="session",
)

#: (package, class) -> row
REPOSITORIES: dict[tuple[str, str], Repository] = {
    (_AA, "SQLAlchemyAsyncRepository"): _ASYNC_REPOSITORY,
    (_AA, "SQLAlchemyAsyncSlugRepository"): _ASYNC_REPOSITORY,
    (_AA, "SQLAlchemyAsyncRepositoryReadService"): _SERVICE,
    (_AA, "SQLAlchemyAsyncRepositoryService"): _SERVICE,
    ("sqlalchemy_crud_plus", "CRUDPlus"): _CRUD_PLUS,
    ("fastcrud", "FastCRUD"): _FAST_CRUD,
    ("fastapi_users_db_sqlalchemy", "SQLAlchemyUserDatabase"): _USERS,
    ("fastapi_users", "SQLAlchemyUserDatabase"): _USERS,
    ("fastapi_users_db_sqlalchemy", "SQLAlchemyAccessTokenDatabase"): _TOKENS,
}

#: parameters, of constructors and of what makes objects of a class, by which the rows of a received object may be others
CONFIGURING = frozenset({"load", "statement", "execution_options", *_SWITCHES})


def repository(dotted: str) -> Repository | None:
    """The row of the class `dotted`, by its package and its name."""
    return REPOSITORIES.get((dotted.partition(".")[0], dotted.rpartition(".")[2]))
