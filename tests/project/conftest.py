"""Small trees of files to find names in."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from flake8_async_orm.project import Project, Workspace

Write = Callable[[Mapping[str, str]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes files (path from the root -> text) and gives the root, which is the top of a project."""

    def write(files: Mapping[str, str]) -> Path:
        root = tmp_path / "tree"
        root.mkdir(exist_ok=True)
        (root / ".git").mkdir(exist_ok=True)
        for path, text in files.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(textwrap.dedent(text), encoding="utf-8")
        return root

    return write


@pytest.fixture
def project(write: Write) -> Callable[[Mapping[str, str]], Project]:
    """Writes files and gives the project of the first of them."""

    def project(files: Mapping[str, str]) -> Project:
        root = write(files)
        return Workspace().project_for(str(root / next(iter(files))))

    return project
