"""Database URLs: which driver a scheme means in which version, whether it is async, and what is wrong with one.

A URL is given as its known pieces, with None for what is not known between them.
"""

from __future__ import annotations

import re

from flake8_async_orm.knowledge.api import VERSIONS
from flake8_async_orm.records import record

Parts = tuple[str | None, ...]

#: bases of settings classes, by last name: the environment may give another value than the default
SETTINGS_BASES = frozenset({"BaseSettings", "BaseConfig", "Settings"})
#: packages whose objects read settings when they are called with a name and a default
SETTINGS_PACKAGES = frozenset({"decouple", "starlette", "environ", "environs", "prettyconf"})
#: functions that read the environment: name, default
ENVIRONMENT = frozenset({"os.getenv", "os.environ.get"})
#: methods of strings, URLs and secrets that give the same text
KEEPING = frozenset({"render_as_string", "unicode_string", "get_secret_value", "expandvars", "encoded_string"})

#: dialect -> the driver that its bare name means; by version where that changed
_DEFAULT: dict[str, dict[str, str]] = {
    "sqlite": dict.fromkeys(VERSIONS, "pysqlite"),
    "mysql": dict.fromkeys(VERSIONS, "mysqldb"),
    "mariadb": dict.fromkeys(VERSIONS, "mysqldb"),
    "mssql": dict.fromkeys(VERSIONS, "pyodbc"),
    "postgresql": {"1.4": "psycopg2", "2.0": "psycopg2", "2.1": "psycopg"},
    "oracle": {"1.4": "cx_oracle", "2.0": "cx_oracle", "2.1": "oracledb"},
    "cockroachdb": dict.fromkeys(VERSIONS, "psycopg2"),
}
_MYSQL = {
    **dict.fromkeys(
        ("mysqldb", "pymysql", "mysqlconnector", "mariadbconnector", "cymysql", "oursql", "pyodbc"), "sync"
    ),
    **dict.fromkeys(("aiomysql", "asyncmy"), "async"),
}
#: dialect -> driver -> sync, async, or both
_DRIVERS: dict[str, dict[str, str]] = {
    "sqlite": {"pysqlite": "sync", "pysqlcipher": "sync", "aiosqlite": "async"},
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
    "mssql": {"pyodbc": "sync", "pymssql": "sync", "mxodbc": "sync", "mssqlpython": "sync", "aioodbc": "async"},
    "postgresql": {
        **dict.fromkeys(("psycopg2", "psycopg2cffi", "pg8000", "pygresql", "pypostgresql"), "sync"),
        **dict.fromkeys(("asyncpg", "psycopg_async"), "async"),
        "psycopg": "both",
    },
    "oracle": {"cx_oracle": "sync", "oracledb": "both", "oracledb_async": "async"},
    "cockroachdb": {"psycopg2": "sync", "asyncpg": "async", "psycopg": "both"},
}
#: async driver -> the versions in which `?async_fallback=true` lets a sync engine use it, as migrations did
_FALLING_BACK = dict.fromkeys(("asyncpg", "aiomysql", "asyncmy"), ("1.4", "2.0"))
#: dialect -> the scheme to write for an async engine, and for a sync one
_SCHEMES = {
    "sqlite": ("sqlite+aiosqlite", "sqlite"),
    "mysql": ("mysql+aiomysql", "mysql+pymysql"),
    "mariadb": ("mariadb+aiomysql", "mariadb+pymysql"),
    "mssql": ("mssql+aioodbc", "mssql+pyodbc"),
    "postgresql": ("postgresql+asyncpg", "postgresql+psycopg2"),
    "oracle": ("oracle+oracledb", "oracle+oracledb"),
    "cockroachdb": ("cockroachdb+asyncpg", "cockroachdb+psycopg2"),
}


@record
class Fault:
    """What is wrong with a URL (a clause), what to write, and a replacement of text in it, where one mends it.

    `anyway`: it is wrong whatever the URL is for: `make_url` raises for it, or reads it as something else; else an engine raises.
    """

    what: str
    instead: str
    old: str = ""
    new: str = ""
    anyway: bool = False


def scheme(parts: Parts) -> str | None:
    """What stands ahead of `://`, where that is known."""
    head, separator, _ = (parts[0] or "").partition("://")
    return head if separator and re.fullmatch(r"[\w+]+", head) else None


def kind(parts: Parts, version: str) -> str | None:
    """`sync`, `async` or `both`: what engines the driver of a URL serves in `version`; None where it is not known."""
    head = scheme(parts)
    if head is None:
        return None
    dialect, _, driver = head.partition("+")
    driver = driver or _DEFAULT.get(dialect, {}).get(version, "")
    if version in _FALLING_BACK.get(driver, ()) and any("async_fallback" in part for part in parts if part is not None):
        return "both"
    return _DRIVERS.get(dialect, {}).get(driver)


def driver(parts: Parts, version: str) -> str:
    """The name of the driver that a URL means."""
    dialect, _, name = (scheme(parts) or "").partition("+")
    return name or _DEFAULT.get(dialect, {}).get(version, "")


def scheme_for(parts: Parts, is_async: bool) -> str:
    """The scheme to write in the place of that of a URL."""
    dialect = (scheme(parts) or "").partition("+")[0]
    return _SCHEMES.get(dialect, ("", ""))[0 if is_async else 1]


def fault(parts: Parts, is_async: bool, default: bool) -> Fault | None:
    """What is surely wrong with a URL. `default`: it stands in for one from outside, and may be a placeholder."""
    text = "".join(_HOLE if part is None else part for part in parts)
    head = scheme(parts)
    if head is None:
        return _no_scheme(parts, text, default)
    dialect, _, named = head.partition("+")
    rest = text.partition("://")[2]
    if dialect == "postgres":
        wanted = head.replace("postgres", "postgresql", 1) if named else _SCHEMES["postgresql"][0 if is_async else 1]
        return Fault("`postgres://` is no dialect of SQLAlchemy", f"`{wanted}://`", f"{head}://", f"{wanted}://")
    if dialect not in _DRIVERS:
        return None
    if dialect == "sqlite":
        return _sqlite(head, rest)
    if rest.startswith("/"):
        return _triple_slash(head, rest)
    # the import of SQLAlchemy costs as much as the parse of ten thousand lines
    return None if _ORDINARY.fullmatch(text) else _refused(text) or _at_sign(text)


#: URLs that `make_url` reads as they are meant
_ORDINARY = re.compile(
    r"[\w+]+://(?:[^:/?@\s\[\]]+(?::[^:/?@\s\[\]]*)?@)?[\w.-]*(?::\d+)?(?:/[\w./%-]*(?:\?[\w.=&%/:+,-]*)?)?", re.ASCII
)

#: what stands for an unknown piece: it may be a name as well as a port
_HOLE = "0"


def _no_scheme(parts: Parts, text: str, default: bool) -> Fault | None:
    if None in parts and ("://" in text or parts[0] is None or not re.match(r"[\w+]+:/", parts[0])):
        return None
    if "://" in text and not re.match(r"\s|[\w+]*[^\w+:]", text):
        return None
    if default and ":/" not in text:
        return None
    slashed = re.match(r"([\w+]+):/(?!/)", text)
    if slashed is not None:
        return Fault("one slash makes no URL", f"`{slashed[1]}://`", f"{slashed[1]}:/", f"{slashed[1]}://", True)
    if re.match(r"\s+[\w+]+://", text):
        return Fault(
            "a URL must not begin with white space", "it without", text[: len(text) - len(text.lstrip())], "", True
        )
    return Fault("this is no URL", "`dialect+driver://user:password@host/database`", anyway=True)


def _sqlite(head: str, rest: str) -> Fault | None:
    if not rest or rest.startswith(("/", "?", _HOLE)):
        return None
    return Fault(
        "two slashes make a host of the file's name",
        f"three: `{head}:///{_cut(rest)}`",
        f"{head}://",
        f"{head}:///",
        True,
    )


def _cut(text: str) -> str:
    return text if len(text) <= 20 and "`" not in text else "..."


def _triple_slash(head: str, rest: str) -> Fault | None:
    path = rest[1:].partition("?")[0]
    if re.match(r"[^/]*@[^/@]", path) or re.match(r"[\w.-]+:\d+/", path):
        return Fault(
            "three slashes leave the host out: all that follows is the name of the database",
            f"two: `{head}://`",
            f"{head}:///",
            f"{head}://",
            True,
        )
    return None


def _refused(text: str) -> Fault | None:
    """What SQLAlchemy itself refuses to read."""
    from sqlalchemy.engine.url import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        make_url(text)
    except ArgumentError:
        return Fault("SQLAlchemy cannot read this URL", "`dialect+driver://user:password@host/database`", anyway=True)
    except ValueError:
        port = re.search(r":([^:/?@]*)(?=[/?]|$)", text.partition("://")[2].rpartition("@")[2])
        if port is not None and not port[1]:
            return Fault("the port is empty", "the port, or no colon", anyway=True)
        word = port[1] if port is not None else ""
        shown = f"`{word}` is no port" if word and "`" not in word else "the port is no number"
        return Fault(shown, "a number", anyway=True)
    return None


def _at_sign(text: str) -> Fault | None:
    from sqlalchemy.engine.url import make_url

    host = make_url(text).host or ""
    if "@" not in host:
        return None
    ahead, _, rest = text.partition("?")[0].partition("://")[2].partition(":")
    password, _, _ = rest.rpartition("@")
    plain = bool(ahead) and _HOLE not in password
    return Fault(
        "a raw `@` in the password cuts it off, and what follows becomes the host",
        "`%40` for it",
        f":{password}@" if plain else "",
        f":{password.replace('@', '%40')}@" if plain else "",
        True,
    )
