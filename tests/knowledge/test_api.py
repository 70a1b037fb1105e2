"""The tables about SQLAlchemy's members: their facts, how versions are merged, and that they are current."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
import sqlalchemy

from flake8_async_orm.knowledge import api, names

ROOT = Path(__file__).resolve().parent.parent.parent
INSTALLED = ".".join(sqlalchemy.__version__.split(".")[:2])
ALL = frozenset(api.VERSIONS)

#: "CLASS KIND": names, of versions 2.0 and 2.1
MEMBERS = {
    "AsyncSession coroutine": "close commit connection delete execute flush get get_one invalidate merge refresh rollback "
    "run_sync scalar scalars stream stream_scalars close_all aclose reset",
    "AsyncSession plain": "add add_all expire expire_all expunge expunge_all get_bind get_transaction in_transaction "
    "in_nested_transaction is_modified",
    "AsyncSession property": "no_autoflush new dirty deleted info",
    "AsyncSession attribute": "sync_session sync_session_class",
    "AsyncSession startable": "begin begin_nested",
    "async_scoped_session coroutine": "remove close commit delete execute flush get merge refresh rollback scalar scalars",
    "async_scoped_session plain": "__call__ configure add add_all expire_all",
    "async_scoped_session startable": "begin begin_nested",
    "async_sessionmaker plain": "__call__ configure",
    "async_sessionmaker context": "begin",
    "AsyncEngine coroutine": "dispose raw_connection",
    "AsyncEngine plain": "execution_options clear_compiled_cache",
    "AsyncEngine startable": "connect",
    "AsyncEngine context": "begin",
    "AsyncEngine attribute": "sync_engine",
    "AsyncEngine property": "url dialect pool name driver echo",
    "AsyncConnection coroutine": "close commit rollback execute scalar scalars exec_driver_sql execution_options "
    "get_raw_connection get_isolation_level invalidate run_sync start aclose",
    "AsyncConnection plain": "in_transaction get_transaction",
    "AsyncConnection property": "closed info connection",
    "AsyncConnection startable": "begin begin_nested stream stream_scalars",
    "AsyncTransaction coroutine": "commit rollback close start __aenter__ __aexit__",
    "AsyncTransaction plain": "__await__",
    "AsyncSessionTransaction coroutine": "commit rollback start",
    "AsyncResult coroutine": "all close fetchall fetchmany fetchone first freeze one one_or_none scalar scalar_one "
    "scalar_one_or_none __anext__",
    "AsyncResult plain": "scalars mappings unique columns keys yield_per tuples __aiter__ __enter__",
    "AsyncResult property": "t",
    "AsyncResult async_generator": "partitions",
    "AsyncScalarResult coroutine": "all first one one_or_none fetchall fetchmany close",
    "AsyncScalarResult plain": "unique yield_per",
    "AsyncScalarResult async_generator": "partitions",
    "AsyncMappingResult coroutine": "all first one one_or_none fetchone",
    "AsyncAttrs property": "awaitable_attrs",
    "Session plain": "execute commit query get begin bulk_save_objects __enter__ __iter__",
    "Session attribute": "expire_on_commit",
    "sessionmaker context": "begin",
    "Engine context": "begin",
    "Engine plain": "connect raw_connection dispose",
    "Connection plain": "execute begin begin_twophase detach __enter__",
    "Result plain": "all scalars first one scalar_one fetchmany __iter__ close",
    "Result property": "rowcount lastrowid inserted_primary_key",
    "ScalarResult plain": "all first one unique",
    "MappingResult plain": "all first one fetchone",
    "sqlmodel.AsyncSession coroutine": "exec execute commit",
    "sqlmodel.AsyncSession startable": "begin",
    "sqlmodel.Session plain": "exec execute commit",
}
#: members that the sync class has and the async one has not, in any version
MISSING = {
    "AsyncSession": "query bulk_save_objects bulk_insert_mappings bulk_update_mappings enable_relationship_loading "
    "prepare expire_on_commit",
    "async_scoped_session": "query_property query",
    "AsyncConnection": "begin_twophase commit_prepared detach schema_for_object connect",
    "AsyncEngine": "execute scalar table_names has_table",
    "sqlmodel.AsyncSession": "query",
}


def each(table: dict[str, str]) -> list[tuple[str, str]]:
    return [(owner, name) for owner, members in table.items() for name in members.split()]


@pytest.mark.parametrize(("owner", "name"), each(MEMBERS))
def test_kinds(owner: str, name: str) -> None:
    cls, kind = owner.split()
    row = api.member(cls, name)
    assert row is not None
    assert (row.cls, row.name, row.kind) == (cls, name, kind)
    assert row.versions >= api.TARGETS


@pytest.mark.parametrize(("cls", "name"), each(MISSING))
def test_missing_on_async(cls: str, name: str) -> None:
    assert api.missing_on_async(cls, name)
    assert not api.has_member(cls, name)
    assert api.member(cls, name) is None


@pytest.mark.parametrize(
    ("cls", "name"), [("AsyncSession", "execute"), ("AsyncSession", "no_such"), ("Session", "query"), ("Nothing", "query")]
)
def test_not_missing_on_async(cls: str, name: str) -> None:
    assert not api.missing_on_async(cls, name)


@pytest.mark.parametrize(
    ("cls", "name"),
    [
        ("AsyncSession", "connect"),
        ("AsyncSession", "__call__"),
        ("async_sessionmaker", "execute"),
        ("async_sessionmaker", "__aenter__"),
        ("AsyncEngine", "run_sync"),
        ("AsyncEngine", "__aenter__"),
        ("AsyncResult", "__aenter__"),
        ("AsyncResult", "__iter__"),
        ("async_scoped_session", "run_sync"),
        ("async_scoped_session", "sync_session"),
        ("async_scoped_session", "__aenter__"),
        ("AsyncSessionTransaction", "execute"),
        ("Session", "__aenter__"),
        ("Result", "__aiter__"),
        ("Result", "__await__"),
    ],
)
def test_no_such_member(cls: str, name: str) -> None:
    assert not api.has_member(cls, name)


def test_what_is_not_known_is_not_accused() -> None:
    assert api.has_member("Nothing", "anything")
    assert api.has_member("AsyncSession", "_proxied")
    assert api.has_member("AsyncSession", "__class__")
    assert api.has_member("AsyncSession", "__dict__")
    assert not api.has_class("Nothing")
    assert api.member("Nothing", "anything") is None


def test_versions_of_a_member() -> None:
    def versions(cls: str, name: str) -> frozenset[str]:
        row = api.member(cls, name)
        assert row is not None
        return row.versions

    assert versions("AsyncSession", "execute") == ALL
    assert versions("AsyncSession", "merge_all") == {"2.1"}
    assert versions("AsyncResult", "fetchall") == {"2.0", "2.1"}
    assert versions("Engine", "table_names") == {"1.4"}
    assert versions("async_sessionmaker", "begin") == {"2.0", "2.1"}
    # SQLModel does not go with 1.4
    assert versions("sqlmodel.AsyncSession", "execute") == {"2.0", "2.1"}


def test_versions_that_are_asked_about() -> None:
    only = frozenset({"1.4"})
    assert api.has_member("AsyncResult", "fetchall")
    assert not api.has_member("AsyncResult", "fetchall", only)
    assert api.missing_on_async("AsyncResult", "fetchall", only)
    assert not api.missing_on_async("AsyncResult", "fetchall", ALL)


def test_versions_that_disagree() -> None:
    """`AsyncEngine.begin()` can be awaited in 1.4 only; `AsyncConnection.stream()` was a mere coroutine function there."""

    def kind(cls: str, name: str, *versions: str) -> str:
        row = api.member(cls, name, frozenset(versions))
        assert row is not None
        return row.kind

    assert kind("AsyncEngine", "begin", "1.4") == "startable"
    assert kind("AsyncEngine", "begin", "2.0", "2.1") == "context"
    assert kind("AsyncEngine", "begin", "1.4", "2.0") == "startable"
    assert kind("AsyncConnection", "stream", "1.4") == "coroutine"
    assert kind("AsyncConnection", "stream", "1.4", "2.1") == "startable"
    # asked about a version that does not have it
    assert kind("AsyncSession", "merge_all", "1.4") == "coroutine"


def test_functions_of_a_class() -> None:
    close_all = api.member("AsyncSession", "close_all")
    assert close_all is not None and close_all.is_classmethod and close_all.is_method
    commit = api.member("AsyncSession", "commit")
    assert commit is not None and not commit.is_classmethod and not commit.is_staticmethod
    bind = api.member("AsyncSession", "bind")
    assert bind is not None and not bind.is_method


def test_twins() -> None:
    assert api.sync_twin("AsyncSession") == "Session"
    assert api.sync_twin("async_sessionmaker") == "sessionmaker"
    assert api.sync_twin("Session") is None
    assert {*api.TWINS, *api.TWINS.values()} <= api.classes()


def test_every_class_that_names_lead_to_is_known() -> None:
    assert set(names.CLASSES.values()) <= api.classes()


def test_tables_are_small_and_sorted() -> None:
    folder = files("flake8_async_orm.knowledge")
    stored = [entry.name for entry in folder.iterdir() if entry.name.startswith("api_")]
    assert sorted(stored) == [f"api_{version.replace('.', '_')}.json" for version in api.VERSIONS]
    for name in stored:
        text = folder.joinpath(name).read_text(encoding="utf-8")
        assert len(text) < 12_000
        assert text == json.dumps(json.loads(text), indent=1, sort_keys=True) + "\n"


@pytest.mark.skipif(INSTALLED not in api.VERSIONS, reason=f"there is no table for SQLAlchemy {INSTALLED}")
def test_the_table_is_what_the_installed_version_says() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "generate_api.py"), "--check"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(INSTALLED not in api.VERSIONS, reason=f"there is no table for SQLAlchemy {INSTALLED}")
def test_a_table_that_is_not_current_is_told(tmp_path: Path) -> None:
    script = ROOT / "scripts" / "generate_api.py"
    copy = tmp_path / "scripts" / script.name
    copy.parent.mkdir()
    copy.write_bytes(script.read_bytes())
    name = f"api_{INSTALLED.replace('.', '_')}.json"
    folder = tmp_path / "src" / "flake8_async_orm" / "knowledge"
    folder.mkdir(parents=True)
    current = files("flake8_async_orm.knowledge").joinpath(name).read_text(encoding="utf-8")
    outdated = current.replace("add_all ", "", 1)
    (folder / name).write_text(outdated, encoding="utf-8")
    command = [sys.executable, str(copy)]
    checked = subprocess.run([*command, "--check"], capture_output=True, encoding="utf-8", check=False)
    assert checked.returncode == 1
    assert "+" in checked.stdout and "add_all" in checked.stdout
    assert (folder / name).read_text(encoding="utf-8") == outdated
    assert subprocess.run(command, check=False).returncode == 0
    assert (folder / name).read_text(encoding="utf-8") == current
