"""What URLs mean, beside what the installed SQLAlchemy makes of them."""

from __future__ import annotations

import random

import pytest
import sqlalchemy
from sqlalchemy.engine.url import make_url
from sqlalchemy.exc import ArgumentError

from flake8_async_orm.knowledge import urls

HERE = ".".join(sqlalchemy.__version__.split(".")[:2])


@pytest.mark.parametrize("scheme", ["sqlite", "mysql", "mysql+pymysql", "postgresql+psycopg2", "mssql", "mariadb"])
def test_these_block(scheme: str) -> None:
    assert {urls.kind((f"{scheme}://h/d",), version) for version in urls.VERSIONS} == {"sync"}
    assert make_url(f"{scheme}://h/d").get_backend_name() == scheme.partition("+")[0]


@pytest.mark.parametrize("scheme", ["sqlite+aiosqlite", "mysql+aiomysql", "mysql+asyncmy", "postgresql+asyncpg"])
def test_these_are_async(scheme: str) -> None:
    assert {urls.kind((f"{scheme}://", None), version) for version in urls.VERSIONS} == {"async"}
    assert make_url(f"{scheme}://").get_dialect().is_async


@pytest.mark.parametrize("version", ["1.4", "2.0"])
def test_postgresql_is_psycopg2_before_2_1(version: str) -> None:
    assert urls.kind(("postgresql://h/d",), version) == "sync"
    assert urls.kind(("postgresql://h/d",), "2.1") == "both"
    assert urls.driver(("oracle://h/d",), version) == "cx_oracle"
    assert urls.driver(("oracle://h/d",), "2.1") == "oracledb"


@pytest.mark.parametrize("dialect", ["sqlite", "mysql", "mariadb", "mssql", "postgresql", "oracle"])
def test_the_drivers_that_dialects_mean_are_sqlalchemys(dialect: str) -> None:
    cls = make_url(f"{dialect}://").get_dialect()
    assert cls.driver == urls.driver((f"{dialect}://",), HERE)


@pytest.mark.parametrize(("dialect", "driver"), [(d, name) for d in urls._DRIVERS for name in urls._DRIVERS[d]])
def test_the_drivers_are_of_the_kind_that_they_are_said_to_be(dialect: str, driver: str) -> None:
    url = make_url(f"{dialect}+{driver}://")
    try:
        cls = url.get_dialect()
    except (ImportError, sqlalchemy.exc.NoSuchModuleError):
        pytest.skip(f"not in SQLAlchemy {HERE}")
    said = urls.kind((f"{dialect}+{driver}://",), HERE)
    if said == "both":
        assert not cls.is_async and cls.get_async_dialect_cls(url).is_async
    else:
        assert cls.is_async == (said == "async")


@pytest.mark.parametrize("scheme", ["postgresql+asyncpg", "mysql+aiomysql", "mysql+asyncmy"])
def test_the_flag_for_sync_engines_is_sqlalchemys(scheme: str) -> None:
    url = f"{scheme}://u:p@h/d?async_fallback=true"
    falls_back = "Fallback" in make_url(url).get_dialect().get_pool_class(make_url(url)).__name__
    assert urls.kind((f"{scheme}://", None, "?async_fallback=true"), HERE) == ("both" if falls_back else "async")
    assert urls.kind((url.partition("?")[0],), HERE) == "async"


def test_a_url_that_is_cleared_at_a_glance_is_one_that_sqlalchemy_reads_as_meant() -> None:
    pieces = ["user", ":", "pw", "@", "host", "/", "db", "?", "a=b", "5432", "[", "::1", "]", " ", "%40", "&", "-", ".", "x+y"]
    choose = random.Random(0).choice
    cleared = 0
    for size in range(20_000):
        url = "postgresql+asyncpg://" + "".join(choose(pieces) for _ in range(size % 9))
        if urls._ORDINARY.fullmatch(url):
            cleared += 1
            assert urls._refused(url) is None and urls._at_sign(url) is None, url
    assert cleared > 1_000


def test_a_driver_that_nobody_knows_is_not_judged() -> None:
    assert urls.kind(("postgresql+elsewhere://h/d",), "2.0") is None
    assert urls.kind((None, "://h/d"), "2.0") is None
    assert urls.kind(("postgresql+", None, "://h/d"), "2.0") is None


REFUSED = {
    "no-scheme": "app.db",
    "empty": "",
    "empty-port": "postgresql+asyncpg://u:p@h:/d",
    "wordy-port": "postgresql+asyncpg://u:p@h:port/d",
    "one-slash": "postgresql+asyncpg:/u:p@h/d",
    "memory": "sqlite+aiosqlite://:memory:",
    "space": " sqlite+aiosqlite://",
}


@pytest.mark.parametrize("url", REFUSED.values(), ids=REFUSED)
def test_make_url_refuses_these(url: str) -> None:
    fault = urls.fault((url,), True, False)
    assert fault is not None and fault.anyway
    with pytest.raises((ArgumentError, ValueError)):
        make_url(url)


def test_three_slashes_leave_no_host() -> None:
    parsed = make_url("postgresql+asyncpg:///user:pw@host/db")  # noqa: AOR205 (as it is meant to be)
    assert (parsed.host, parsed.database) == (None, "user:pw@host/db")
    fault = urls.fault(("postgresql+asyncpg:///user:pw@host/db",), True, False)
    assert fault is not None and fault.anyway
    assert (fault.old, fault.new) == ("postgresql+asyncpg:///", "postgresql+asyncpg://")
    assert urls.fault(("postgresql+asyncpg:///", None, ":", None, "@", None), True, False) == fault


def test_an_at_sign_breaks_the_host() -> None:
    assert make_url("postgresql+asyncpg://u:p@ss@h/d").host == "ss@h"  # noqa: AOR205 (as it is meant to be)
    fault = urls.fault(("postgresql+asyncpg://u:p@ss@h/d",), True, False)
    assert fault is not None and (fault.old, fault.new) == (":p@ss@", ":p%40ss@")


@pytest.mark.parametrize("character", "/#?:%")
def test_other_characters_in_a_password_are_fine(character: str) -> None:
    url = f"postgresql+asyncpg://u:p{character}w@h/d"
    assert make_url(url).host == "h"
    assert urls.fault((url,), True, False) is None


def test_two_slashes_before_a_file() -> None:
    assert make_url("sqlite+aiosqlite://test.db").host == "test.db"  # noqa: AOR205 (as it is meant to be)
    fault = urls.fault(("sqlite+aiosqlite://test.db",), True, False)
    assert fault is not None and fault.anyway
    assert (fault.old, fault.new) == ("sqlite+aiosqlite://", "sqlite+aiosqlite:///")


@pytest.mark.parametrize(
    "parts",
    [
        ("sqlite+aiosqlite://",),
        ("sqlite+aiosqlite:///./a.db",),
        ("sqlite+aiosqlite:////var/a.db",),
        ("sqlite+aiosqlite://", None),
        ("sqlite+aiosqlite://?cache=shared",),
        ("postgresql+asyncpg:///d?host=/run/x@y",),
        ("postgresql+asyncpg://u@server:p@h/d",),
        ("postgresql+asyncpg://u:p@[::1]:5432/d",),
        ("postgresql+asyncpg://", None, ":", None, "@", None, ":", None, "/", None),
        (None, "://u:p@h/d"),
        (None,),
        ("snowflake://u:p@a@b/c",),
    ],
    ids=str,
)
def test_these_are_fine(parts: tuple[str | None, ...]) -> None:
    assert urls.fault(parts, True, False) is None


def test_the_old_scheme() -> None:
    with pytest.raises(sqlalchemy.exc.NoSuchModuleError):
        make_url("postgres://h/d").get_dialect()
    for url, is_async, new in (
        ("postgres://h/d", True, "postgresql+asyncpg://"),
        ("postgres://h/d", False, "postgresql+psycopg2://"),
        ("postgres+asyncpg://h/d", True, "postgresql+asyncpg://"),
    ):
        fault = urls.fault((url,), is_async, False)
        assert fault is not None and fault.new == new


def test_a_placeholder_among_the_settings_is_no_url() -> None:
    assert urls.fault(("",), True, True) is None
    assert urls.fault(("change me",), True, True) is None
    assert urls.fault(("postgres://h/d",), True, True) is not None
