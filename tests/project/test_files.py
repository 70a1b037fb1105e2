"""Which file is which module."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from flake8_async_orm.project import ExternalName, Found, ModuleFound, Workspace
from flake8_async_orm.source import Source

Write = Callable[[Mapping[str, str]], Path]


@dataclass
class Roots:
    src: tuple[str, ...]


LAYOUTS = {
    "flat": ({"app/__init__.py": "", "app/models.py": ""}, "app/models.py", "app.models"),
    "package itself": ({"app/__init__.py": ""}, "app/__init__.py", "app"),
    "src": ({"src/app/__init__.py": "", "src/app/models.py": ""}, "src/app/models.py", "app.models"),
    "src with a namespace": (
        {"src/company/shop/__init__.py": "", "src/company/shop/models.py": ""},
        "src/company/shop/models.py",
        "company.shop.models",
    ),
    "tests beside src": (
        {"src/app/__init__.py": "", "tests/unit/test_a.py": ""},
        "tests/unit/test_a.py",
        "tests.unit.test_a",
    ),
    "no packages at all": ({"app/db/models.py": ""}, "app/db/models.py", "app.db.models"),
    "service in a monorepo": (
        {"services/shop/pyproject.toml": "", "services/shop/app/__init__.py": "", "services/shop/app/db.py": ""},
        "services/shop/app/db.py",
        "app.db",
    ),
    "package in a folder": ({"backend/app/__init__.py": "", "backend/app/db.py": ""}, "backend/app/db.py", "app.db"),
    "src that is a package": ({"src/__init__.py": "", "src/db.py": ""}, "src/db.py", "src.db"),
    "stub": ({"app/__init__.py": "", "app/db.pyi": ""}, "app/db.pyi", "app.db"),
    "setuptools where": (
        {"pyproject.toml": "[tool.setuptools.packages.find]\nwhere = ['lib']\n", "lib/space/app/db.py": ""},
        "lib/space/app/db.py",
        "space.app.db",
    ),
    "setuptools package-dir": (
        {"pyproject.toml": "[tool.setuptools.package-dir]\n'' = 'python'\n", "python/app/db.py": ""},
        "python/app/db.py",
        "app.db",
    ),
    "hatch packages": (
        {"pyproject.toml": "[tool.hatch.build.targets.wheel]\npackages = ['code/app']\n", "code/app/db.py": ""},
        "code/app/db.py",
        "app.db",
    ),
    "poetry from": (
        {"pyproject.toml": "[[tool.poetry.packages]]\ninclude = 'app'\nfrom = 'lib'\n", "lib/app/db.py": ""},
        "lib/app/db.py",
        "app.db",
    ),
    "uv module-root": (
        {"pyproject.toml": "[tool.uv.build-backend]\nmodule-root = 'code'\n", "code/app/db.py": ""},
        "code/app/db.py",
        "app.db",
    ),
    "setup.cfg": (
        {"setup.cfg": "[options]\npackage_dir =\n    = code\n", "code/app/db.py": ""},
        "code/app/db.py",
        "app.db",
    ),
    "pytest pythonpath, even a package": (
        {
            "pyproject.toml": "[tool.pytest.ini_options]\npythonpath = ['src']\n",
            "src/__init__.py": "",
            "src/app/db.py": "",
        },
        "src/app/db.py",
        "app.db",
    ),
    "a package that another tool is told of": (
        {"pyproject.toml": "[tool.ruff]\nsrc = ['app']\n", "app/__init__.py": "", "app/db.py": ""},
        "app/db.py",
        "app.db",
    ),
    "broken pyproject": ({"pyproject.toml": "[tool", "app/__init__.py": "", "app/db.py": ""}, "app/db.py", "app.db"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_module_name_follows_from_the_path(layout: str, write: Write) -> None:
    files, path, name = LAYOUTS[layout]
    if sys.version_info < (3, 11) and "pyproject.toml" in files:
        pytest.importorskip("tomli")
    root = write(files)
    project = Workspace().project_for(str(root / path))
    assert project.module_name(str(root / path)) == name
    assert project.module_path(name) == str(root / path)


def test_configured_roots_come_before_all_else(write: Write) -> None:
    root = write({"deep/down/app/db.py": ""})
    workspace = Workspace(Roots((str(root / "deep/down"),)))
    path = str(root / "deep/down/app/db.py")
    assert workspace.project_for(path).module_name(path) == "app.db"


def test_a_relative_path_is_the_same_file(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write({"app/__init__.py": "", "app/db.py": ""})
    monkeypatch.chdir(root)
    project = Workspace().project_for("app/db.py")
    assert project.module_name("app/db.py") == "app.db"


def test_services_with_modules_of_the_same_name_are_told_apart(write: Write) -> None:
    files = {}
    for service in ("shop", "mail"):
        files[f"{service}/app/__init__.py"] = ""
        files[f"{service}/app/models.py"] = f"class {service.title()}: pass\n"
        files[f"{service}/app/api.py"] = "from app.models import *\n"
    root = write(files)
    workspace = Workspace()
    shop = workspace.project_for(str(root / "shop/app/api.py"))
    mail = workspace.project_for(str(root / "mail/app/api.py"))
    assert isinstance(shop.resolve("app.api", "Shop"), Found)
    assert shop.resolve("app.api", "Mail") is None
    assert isinstance(mail.resolve("app.api", "Mail"), Found)


def test_a_file_that_nothing_can_import_has_a_name_of_its_own(write: Write) -> None:
    root = write({"app/__init__.py": "", "app/db.py": "class A: pass\n", "app/db.pyi": "class B: ...\n"})
    project = Workspace().project_for(str(root / "app/db.pyi"))
    stub = project.module_name(str(root / "app/db.pyi"))
    assert stub != "app.db"
    assert isinstance(project.resolve(stub, "B"), Found)
    assert isinstance(project.resolve("app.db", "A"), Found)


def test_the_source_wins_over_its_stub(write: Write) -> None:
    root = write({"app/__init__.py": "", "app/db.pyi": "class B: ...\n", "app/db.py": "class A: pass\n"})
    project = Workspace().project_for(str(root / "app/__init__.py"))
    assert project.module_path("app.db") == str(root / "app/db.py")


def test_one_file_has_one_name_however_it_is_reached(write: Write) -> None:
    root = write(
        {
            "backend/app/__init__.py": "",
            "backend/app/models.py": "class User: pass\n",
            "backend/app/api.py": "from backend.app.models import User\nfrom app.models import User as Same\n",
        }
    )
    project = Workspace().project_for(str(root / "backend/app/api.py"))
    first, second = project.resolve("app.api", "User"), project.resolve("app.api", "Same")
    assert first == second
    assert isinstance(first, Found)
    assert first.name == "app.models.User"


def test_a_sibling_package_of_a_monorepo_is_found(write: Write) -> None:
    root = write(
        {
            "packages/api/pyproject.toml": "",
            "packages/api/src/api/__init__.py": "from models.user import User\n",
            "packages/models/pyproject.toml": "",
            "packages/models/src/models/__init__.py": "",
            "packages/models/src/models/user.py": "class User: pass\n",
        }
    )
    project = Workspace().project_for(str(root / "packages/api/src/api/__init__.py"))
    found = project.resolve("api", "User")
    assert isinstance(found, Found)
    assert found.name == "models.user.User"


def test_a_namespace_package_may_be_spread_over_roots(write: Write) -> None:
    root = write(
        {
            "a/pyproject.toml": "",
            "a/src/ns/one/__init__.py": "from ns.two import B\n",
            "b/pyproject.toml": "",
            "b/src/ns/two/__init__.py": "class B: pass\n",
        }
    )
    project = Workspace().project_for(str(root / "a/src/ns/one/__init__.py"))
    assert isinstance(project.resolve("ns.one", "B"), Found)


def test_a_folder_without_modules_of_that_name_hides_no_package(write: Write) -> None:
    root = write({"app/__init__.py": "from alembic import op\n", "alembic/env.py": ""})
    project = Workspace().project_for(str(root / "app/__init__.py"))
    assert project.resolve("app", "op") == ExternalName("alembic.op")


def test_a_file_beside_a_script_hides_no_declared_dependency(write: Write) -> None:
    if sys.version_info < (3, 11):
        pytest.importorskip("tomli")
    root = write(
        {
            "pyproject.toml": "[project]\ndependencies = ['meilisearch>=1']\n",
            "app/core/db.py": "import meilisearch, sqlalchemy, logging, beside\n",
            "app/core/meilisearch.py": "",
            "app/core/sqlalchemy.py": "",
            "app/core/logging.py": "",
            "app/core/beside.py": "",
        }
    )
    project = Workspace().project_for(str(root / "app/core/db.py"))
    module = project.module_name(str(root / "app/core/db.py"))
    for name in ("meilisearch", "sqlalchemy", "logging"):
        assert project.resolve(module, name) == ExternalName(name)
    assert project.resolve(module, "beside") == ModuleFound("app.core.beside")


def test_tests_and_sources_are_one_project(write: Write) -> None:
    root = write({"pyproject.toml": "", "src/app/__init__.py": "", "tests/test_a.py": "import app\n"})
    workspace = Workspace()
    project = workspace.project_for(str(root / "tests/test_a.py"))
    assert project is workspace.project_for(str(root / "src/app/__init__.py"))
    assert project.resolve("tests.test_a", "app") == ModuleFound("app")


# -- the workspace ----------------------------------------------------------------------------------------------------


def test_unsaved_text_stands_in_for_the_file(write: Write) -> None:
    root = write({"app/__init__.py": "", "app/db.py": "class Old: pass\n"})
    workspace = Workspace()
    path = str(root / "app/db.py")
    project = workspace.project_for(path)
    assert project.find("app.db.New") is None
    workspace.overlay(path, "class New: pass\n")
    assert isinstance(project.find("app.db.New"), Found)
    assert project.find("app.db.Old") is None
    workspace.overlay(path, None)
    assert isinstance(project.find("app.db.Old"), Found)


def test_a_changed_file_is_read_again_after_refresh(write: Write) -> None:
    root = write({"app/__init__.py": "", "app/db.py": "class Old: pass\n"})
    workspace = Workspace()
    path = root / "app/db.py"
    project = workspace.project_for(str(path))
    assert isinstance(project.find("app.db.Old"), Found)
    generation = project.generation
    path.write_text("class Newer: pass\n")
    (root / "app/more.py").write_text("class More: pass\n")
    workspace.refresh()
    assert isinstance(project.find("app.db.Newer"), Found)
    assert isinstance(project.find("app.more.More"), Found)
    assert project.generation > generation


def test_an_adopted_source_is_not_read_again(write: Write) -> None:
    root = write({"app/__init__.py": "", "app/db.py": "class Old: pass\n"})
    workspace = Workspace()
    path = str(root / "app/db.py")
    source = Source.from_bytes(path, b"class Given: pass\n")
    workspace.adopt(source)
    project = workspace.project_for(path)
    assert project.source("app.db") is source
    assert isinstance(project.find("app.db.Given"), Found)


def test_trees_are_released_and_definitions_stay(write: Write) -> None:
    root = write({"app/__init__.py": "", "app/a.py": "class A: pass\n", "app/b.py": "class B: pass\n"})
    workspace = Workspace()
    project = workspace.project_for(str(root / "app/a.py"))
    definition = project.definition("app.a")
    before = project.source("app.a"), project.source("app.b")
    workspace.forget_trees(keep=1)
    assert project.source("app.b") is before[1]
    assert project.source("app.a") is not before[0]
    assert project.definition("app.a") is definition


def test_room_is_for_trees_only_and_for_those_used_last(write: Write) -> None:
    names = ["a", "b", "c", "unparsed"]
    root = write({f"app/{name}.py": f"class {name.upper()}: pass\n" for name in names} | {"app/__init__.py": ""})
    workspace = Workspace()
    paths = {name: str(root / f"app/{name}.py") for name in names}
    before = {name: workspace.source_at(paths[name]) for name in ["b", "a", "c", "unparsed"]}
    for name in ["a", "b", "c"]:
        source = before[name]
        assert source is not None and source.module
    workspace.source_at(paths["b"])
    workspace.make_room(2 * len(b"class A: pass\n"))
    kept = [name for name in ["b", "c", "a"] if workspace.source_at(paths[name]) is before[name]]
    assert kept == ["b", "c"]


@pytest.mark.parametrize("data", [b"def (", b"\xff\xfe\x00", b"# coding: no-such\n"])
def test_neighbours_that_cannot_be_read_are_not_there(data: bytes, write: Write) -> None:
    root = write({"app/__init__.py": "from app.bad import X\nfrom app.bad import *\n", "app/bad.py": ""})
    (root / "app/bad.py").write_bytes(data)
    project = Workspace().project_for(str(root / "app/__init__.py"))
    assert project.resolve("app", "X") is None
    assert project.resolve("app", "Y") is None
    assert project.definition("app.bad") is None
    assert project.mapped("app.bad.X") is None


def test_only_directories_that_are_asked_about_are_listed(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write({"app/__init__.py": "from app.a import X\n", "app/a.py": "X = 1\n", "app/deep/er/__init__.py": ""})
    listed: list[str] = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: (listed.append(str(path)), scandir(path))[1])
    project = Workspace().project_for(str(root / "app/__init__.py"))
    assert isinstance(project.resolve("app", "X"), Found)
    assert str(root / "app/deep") not in listed
    assert len(listed) == len(set(listed))
