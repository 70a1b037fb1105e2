"""Definitions across files: which file is which module, what a name means there, and how classes are mapped.

Importing this package does not import LibCST. Nothing of the linted code is ever imported or run.
"""

from flake8_async_orm.project.names import ExternalName, Found, Meaning, ModuleFound
from flake8_async_orm.project.project import Project
from flake8_async_orm.project.workspace import Workspace

__all__ = ["ExternalName", "Found", "Meaning", "ModuleFound", "Project", "Workspace"]
