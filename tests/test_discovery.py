"""Which files are found: exclusions, git's, links, and names that were given."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flake8_async_orm.config import Config, Finder
from flake8_async_orm.discovery import Discovered, discover, shown


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tree(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")


def ignore(root: Path, text: str, folder: str = "") -> None:
    tree(root, f"{folder}.gitignore")
    (root / f"{folder}.gitignore").write_text(text, encoding="utf-8")


def found(*paths: str, **settings: object) -> list[str]:
    config = Config(**settings)  # type: ignore[arg-type]
    result = discover(paths or ["."], lambda _: config)
    assert not result.missing
    return [path.replace(os.sep, "/") for path in result.files]


def test_python_files_sorted_whatever_the_order(here: Path) -> None:
    tree(here, "b.py", "a/z.py", "a/stub.pyi", "a/data.txt", "c.pyx", "a.py")
    assert found() == ["a.py", "a/stub.pyi", "a/z.py", "b.py"]
    assert found("b.py", "a", "a.py", "a/z.py") == ["a.py", "a/stub.pyi", "a/z.py", "b.py"]


def test_paths_are_shown_from_here(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(here, "a/b.py", "c.py")
    assert found(str(here)) == ["a/b.py", "c.py"]
    assert found("./a/../c.py") == ["c.py"]
    monkeypatch.chdir(here / "a")
    assert found("..") == ["b.py", str(here / "c.py")]
    assert shown("b.py") == "b.py"


def test_default_and_own_exclusions(here: Path) -> None:
    tree(here, ".venv/x.py", "node_modules/p/x.py", "a/build/x.py", "a/b.py", "gen/x.py", "gen/deep/y.py", "a/gen/z.py")
    assert found() == ["a/b.py", "a/gen/z.py", "gen/deep/y.py", "gen/x.py"]
    assert found(extend_exclude=("./gen",)) == ["a/b.py"]
    assert found(extend_exclude=("gen/deep",)) == ["a/b.py", "a/gen/z.py", "gen/x.py"]
    assert "a/build/x.py" in found(exclude=("gen",))
    assert found(extend_exclude=("*.py",)) == []


def test_named_files_are_always_linted(here: Path) -> None:
    tree(here, "build/x.py", "script")
    assert found("build/x.py", "script") == ["build/x.py", "script"]
    assert found("build") == ["build/x.py"]
    config = Config()
    assert discover(["build/x.py", "script"], lambda _: config, force_exclude=True).files == ("script",)
    assert discover(["build"], lambda _: config, force_exclude=True).files == ()


def test_missing_paths_and_notebooks(here: Path) -> None:
    tree(here, "a.ipynb")
    config = Config()
    result = discover(["a.ipynb", "no.py"], lambda _: config)
    assert result == Discovered((), ("no.py",), ("a.ipynb: notebooks are not linted",))


def test_git_ignored_files_are_left_out(here: Path) -> None:
    (here / ".git").mkdir()
    ignore(here, "out/\n*.gen.py\n!keep.gen.py\n/top.py\n")
    tree(here, "out/a.py", "b/out/a.py", "x.gen.py", "keep.gen.py", "top.py", "b/top.py", "b/c.py")
    assert found() == ["b/c.py", "b/top.py", "keep.gen.py"]
    # the same from below, and for a directory that is named although it is ignored
    assert found("b") == ["b/c.py", "b/top.py"]
    assert found("out") == ["out/a.py"]
    assert found("x.gen.py") == ["x.gen.py"]


def test_nested_gitignores_refine_outer_ones(here: Path) -> None:
    (here / ".git" / "info").mkdir(parents=True)
    (here / ".git" / "info" / "exclude").write_text("mine.py\n", encoding="utf-8")
    ignore(here, "local_*.py\n")
    ignore(here, "!local_kept.py\n/only_here.py\n", "pkg/")
    tree(
        here,
        "mine.py",
        "local_kept.py",
        "pkg/local_kept.py",
        "pkg/local_x.py",
        "pkg/only_here.py",
        "pkg/sub/only_here.py",
    )
    assert found() == ["pkg/local_kept.py", "pkg/sub/only_here.py"]
    assert found("pkg/sub", "pkg") == ["pkg/local_kept.py", "pkg/sub/only_here.py"]


def test_a_gitignore_outside_a_repository_says_nothing(here: Path) -> None:
    ignore(here, "*.py\n")
    tree(here, "a.py")
    assert found() == ["a.py"]


def test_a_repository_inside_has_its_own_rules(here: Path) -> None:
    (here / ".git").mkdir()
    ignore(here, "a.py\n")
    tree(here, "inner/.git", "inner/a.py", "inner/b.py", "a.py")
    ignore(here, "b.py\n", "inner/")
    assert found() == ["inner/a.py"]


def test_links(here: Path) -> None:
    tree(here, "pkg/a.py", "z.py")
    os.symlink(here / "pkg", here / "pkg" / "loop")
    os.symlink(here, here / "pkg" / "up")
    os.symlink(here / "z.py", here / "alias.py")
    os.symlink("itself.py", here / "itself.py")
    os.symlink("nowhere.py", here / ".#lock.py")
    assert found() == ["pkg/a.py", "z.py"]
    assert found("alias.py") == ["alias.py"]
    assert found("pkg/up") == ["pkg/up/pkg/a.py", "pkg/up/z.py"]


def test_a_directory_that_cannot_be_read_is_said(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(here, "closed/a.py", "b.py")
    scandir = os.scandir

    def guarded(path: str) -> object:
        if path.endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    result = discover(["."], lambda _: Config())
    assert (result.files, result.problems) == (("b.py",), ("closed: Permission denied",))


def test_each_directory_has_its_settings(here: Path) -> None:
    tree(here, "one/gen/a.py", "two/gen/b.py", "two/pyproject.toml")
    (here / "two" / "pyproject.toml").write_text(
        "[tool.flake8-async-orm]\nextend-exclude = ['gen']\n", encoding="utf-8"
    )
    assert discover(["."], Finder().config_for).files == (os.path.join("one", "gen", "a.py"),)
