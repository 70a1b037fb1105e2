"""What SQLAlchemy's and its frameworks' classes give to the classes that derive from them.

Names are dotted, as documented and as defined. Source: the packages' own documentation and code (advanced-alchemy 1.x,
fastapi-users-db-sqlalchemy 7, SQLModel 0.0.2x).
"""

from __future__ import annotations

from flake8_async_orm.records import record


@record
class Column:
    """A column that a foreign class maps. `default` and `onupdate`: none, python or sql."""

    name: str
    primary_key: bool = False
    foreign_key: bool = False
    default: str = "none"
    onupdate: str = "none"


@record
class Base:
    """A foreign class among the bases of a mapped class.

    `declarative`: classes that derive from it are mapped. `dataclass`: they are MappedAsDataclass. `known`: it has no
    other attributes that could be meant.
    """

    columns: tuple[Column, ...] = ()
    declarative: bool = False
    async_attrs: bool = False
    dataclass: bool = False
    sqlmodel: bool = False
    known: bool = True


def _each(modules: str, names: str, row: Base) -> dict[str, Base]:
    return {f"{module}.{name}": row for module in modules.split() for name in names.split()}


_KEY = Column("id", primary_key=True, default="python")
_SEQUENCE_KEY = Column("id", primary_key=True, default="sql")
_SENTINEL = Column("_sentinel", default="sql")
_AUDIT = (Column("created_at", default="python"), Column("updated_at", default="python", onupdate="python"))
_AA_BASES = (
    "advanced_alchemy.base advanced_alchemy.extensions.litestar advanced_alchemy.extensions.litestar.base "
    "advanced_alchemy.extensions.fastapi.base"
)
_AA_MIXINS = (
    "advanced_alchemy.mixins advanced_alchemy.mixins.audit advanced_alchemy.mixins.uuid advanced_alchemy.mixins.bigint "
    "advanced_alchemy.mixins.nanoid"
)
_FASTAPI_USERS = "fastapi_users_db_sqlalchemy fastapi_users.db fastapi_users_db_sqlalchemy.access_token"


def _aa(*columns: Column) -> Base:
    return Base(columns, declarative=True, async_attrs=True)


_USER_COLUMNS = ("email", "hashed_password", "is_active", "is_superuser", "is_verified")
_USER = tuple(map(Column, _USER_COLUMNS))
_ACCOUNT_COLUMNS = ("oauth_name", "access_token", "expires_at", "refresh_token", "account_id", "account_email")
_ACCOUNT = tuple(map(Column, _ACCOUNT_COLUMNS))
_TOKEN = (Column("token", primary_key=True), Column("created_at", default="python"))
_USER_ID = Column("user_id", foreign_key=True)

BASES: dict[str, Base] = {
    **_each("sqlalchemy.orm sqlalchemy.orm.decl_api", "DeclarativeBase DeclarativeBaseNoMeta", Base(declarative=True)),
    **_each("sqlalchemy.orm sqlalchemy.orm.decl_api", "MappedAsDataclass", Base(dataclass=True)),
    **_each("sqlalchemy.ext.asyncio sqlalchemy.ext.asyncio.session", "AsyncAttrs", Base(async_attrs=True)),
    **_each("sqlmodel sqlmodel.main", "SQLModel", Base(sqlmodel=True)),
    **_each(_AA_BASES, "UUIDBase UUIDv6Base UUIDv7Base NanoIDBase", _aa(_KEY, _SENTINEL)),
    **_each(_AA_BASES, "UUIDAuditBase UUIDv6AuditBase UUIDv7AuditBase NanoIDAuditBase", _aa(_KEY, _SENTINEL, *_AUDIT)),
    **_each(_AA_BASES, "BigIntBase IdentityBase", _aa(_SEQUENCE_KEY)),
    **_each(_AA_BASES, "BigIntAuditBase IdentityAuditBase", _aa(_SEQUENCE_KEY, *_AUDIT)),
    **_each(_AA_BASES, "DefaultBase AdvancedDeclarativeBase SQLQuery", _aa()),
    **_each(_AA_BASES, "CommonTableAttributes BasicAttributes", Base()),
    **_each(_AA_MIXINS, "AuditColumns", Base(_AUDIT)),
    **_each(_AA_MIXINS, "UUIDPrimaryKey UUIDv6PrimaryKey UUIDv7PrimaryKey NanoIDPrimaryKey", Base((_KEY, _SENTINEL))),
    **_each(_AA_MIXINS, "BigIntPrimaryKey IdentityPrimaryKey", Base((_SEQUENCE_KEY,))),
    **_each(f"{_AA_MIXINS} advanced_alchemy.mixins.slug", "SlugKey", Base((Column("slug"),))),
    **_each(f"{_AA_MIXINS} advanced_alchemy.mixins.unique", "UniqueMixin", Base()),
    **_each(f"{_AA_MIXINS} advanced_alchemy.mixins.sentinel", "SentinelMixin", Base((_SENTINEL,))),
    **_each(_FASTAPI_USERS, "SQLAlchemyBaseUserTable", Base(_USER)),
    **_each(_FASTAPI_USERS, "SQLAlchemyBaseUserTableUUID", Base((_KEY, *_USER))),
    **_each(_FASTAPI_USERS, "SQLAlchemyBaseOAuthAccountTable", Base(_ACCOUNT)),
    **_each(_FASTAPI_USERS, "SQLAlchemyBaseOAuthAccountTableUUID", Base((_KEY, *_ACCOUNT, _USER_ID))),
    **_each(_FASTAPI_USERS, "SQLAlchemyBaseAccessTokenTable", Base(_TOKEN)),
    **_each(_FASTAPI_USERS, "SQLAlchemyBaseAccessTokenTableUUID", Base((*_TOKEN, _USER_ID))),
}

#: attributes of foreign objects: (package, class, attribute) -> a class of SQLAlchemy by its dotted name, or which type argument
ATTRIBUTES: dict[tuple[str, str, str], str | int] = {
    ("strawberry", "Info", "context"): 0,
    ("strawberry", "Info", "root_value"): 1,
    **{
        ("advanced_alchemy", cls, "session"): "sqlalchemy.ext.asyncio.AsyncSession"
        for cls in ("SQLAlchemyAsyncRepository", "SQLAlchemyAsyncSlugRepository", "SQLAlchemyAsyncQueryRepository")
    },
    **{
        ("advanced_alchemy", cls, "session"): "sqlalchemy.orm.Session"
        for cls in ("SQLAlchemySyncRepository", "SQLAlchemySyncSlugRepository", "SQLAlchemySyncQueryRepository")
    },
    ("fastapi_users_db_sqlalchemy", "SQLAlchemyUserDatabase", "session"): "sqlalchemy.ext.asyncio.AsyncSession",
    ("fastapi_users_db_sqlalchemy", "SQLAlchemyAccessTokenDatabase", "session"): "sqlalchemy.ext.asyncio.AsyncSession",
}

#: methods of dependency containers that give an object of the class that they are given
CONTAINER_METHODS = frozenset({"get", "aget", "resolve", "aresolve", "get_async", "get_instance", "provide"})


def attribute(dotted: str, name: str) -> str | int | None:
    """What `name` of an object of the foreign class `dotted` is; None where no row says."""
    return ATTRIBUTES.get((dotted.partition(".")[0], dotted.rpartition(".")[2], name))


#: calls that make a declarative base; decorators and metaclasses that make a class one
BASE_MAKERS = frozenset(
    {
        "sqlalchemy.orm.declarative_base",
        "sqlalchemy.orm.decl_api.declarative_base",
        "sqlalchemy.ext.declarative.declarative_base",
        "sqlalchemy.ext.declarative.api.declarative_base",
        "advanced_alchemy.base.create_declarative_base",
    }
)
BASE_DECORATORS = frozenset({"sqlalchemy.orm.as_declarative", "sqlalchemy.ext.declarative.as_declarative"})
BASE_METACLASSES = frozenset(
    {
        "sqlalchemy.orm.DeclarativeMeta",
        "sqlalchemy.orm.decl_api.DeclarativeMeta",
        "sqlalchemy.ext.declarative.DeclarativeMeta",
        "sqlalchemy.orm.decl_api.DCTransformDeclarative",
    }
)
REGISTRIES = frozenset({"sqlalchemy.orm.registry", "sqlalchemy.orm.decl_api.registry"})
#: methods of a registry that make a base, and those that map the class they decorate
REGISTRY_BASES = frozenset({"generate_base"})
REGISTRY_DECORATORS = frozenset({"mapped", "mapped_as_dataclass"})
REGISTRY_BASE_DECORATORS = frozenset({"as_declarative_base"})
MAPPING_DECORATORS = frozenset({"sqlalchemy.orm.mapped_as_dataclass", "sqlalchemy.orm.unmapped_dataclass"})
#: functions that map a class imperatively, and the registry's methods
MAPPERS = frozenset({"sqlalchemy.orm.mapper"})
REGISTRY_MAPPERS = frozenset({"map_imperatively"})

#: packages of which every class is known to bring nothing that could be mistaken for a project's own attribute
_KNOWN_PACKAGES = frozenset(
    [
        "builtins",
        "typing",
        "typing_extensions",
        "abc",
        "enum",
        "collections",
        "dataclasses",
        "contextlib",
        "types",
        "sqlalchemy",
        "sqlmodel",
        "pydantic",
        "pydantic_settings",
        "msgspec",
        "attr",
        "attrs",
        "string",
        "uuid",
        "datetime",
        "threading",
        "asyncio",
        "unittest",
        "logging",
        "json",
    ]
)


def is_known_base(dotted: str) -> bool:
    """Whether what the foreign class `dotted` brings is known well enough to know a class that derives from it."""
    row = BASES.get(dotted)
    return row.known if row is not None else dotted.partition(".")[0] in _KNOWN_PACKAGES


#: packages of web frameworks, their classes on which handlers of requests are registered, and the methods that do it
WEB = frozenset({"fastapi", "starlette", "litestar", "quart", "sanic", "blacksheep", "robyn", "aiohttp"})
ROUTERS = frozenset(
    {"FastAPI", "APIRouter", "Starlette", "Router", "Quart", "Sanic", "Blueprint", "Application", "Robyn"}
) | {"RouteTableDef"}
#: responses that run the generator which they are given while they are being sent
STREAMING_RESPONSES = frozenset({"StreamingResponse", "EventSourceResponse"})
_METHODS = "get post put patch delete head options trace route websocket".split()
ROUTE_METHODS = frozenset([*_METHODS, "api_route", "websocket_route"])
ROUTE_DECORATORS = frozenset(f"{module}.{name}" for module in ("litestar", "litestar.handlers") for name in _METHODS)
