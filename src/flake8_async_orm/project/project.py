"""One project: the files that import one another by the same names."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from flake8_async_orm.project.definitions import MappedClass
from flake8_async_orm.project.names import Names
from flake8_async_orm.source import Source

if TYPE_CHECKING:
    from flake8_async_orm.project.models import Models
    from flake8_async_orm.project.schemas import Schemas
    from flake8_async_orm.project.templates import Templates


class Project(Names):
    """What the modules of a project declare and mean. No answer raises, whatever the files hold.

    `generation` counts how often files have changed since: answers of an earlier generation are stale.
    """

    generation = 0
    _models: Models | None = None
    _schemas: Schemas | None = None
    _templates: Templates | None = None

    def forget(self) -> None:
        super().forget()
        self.generation += 1
        self._models = None
        self._schemas = None
        self._templates = None

    def module_name(self, path: str) -> str:
        """The name of the module at `path`; it finds that file again in this project, and no other."""
        return self.locator.file(os.path.abspath(path)).name

    def source(self, module: str) -> Source | None:
        """The source of a module; None if it is not there or cannot be read. Its tree may still raise SourceError."""
        path = self.module_path(module)
        return None if path is None else self.workspace.source_at(path)

    def mapped(self, dotted: str) -> MappedClass | None:
        """The mapping of a class by its full name; None if it is not mapped, or not known to be."""
        return self.models.mapped(dotted)

    @property
    def models(self) -> Models:
        if self._models is None:
            from flake8_async_orm.project.models import Models

            self._models = Models(self)
        return self._models

    @property
    def schemas(self) -> Schemas:
        if self._schemas is None:
            from flake8_async_orm.project.schemas import Schemas

            self._schemas = Schemas(self)
        return self._schemas

    @property
    def templates(self) -> Templates:
        if self._templates is None:
            from flake8_async_orm.project.templates import Templates

            self._templates = Templates(self)
        return self._templates
