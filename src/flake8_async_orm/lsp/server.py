"""The server: which documents are open in which state, and what was found in them.

Messages are answered on the event loop; linting happens on one worker thread, one document after the other, so that the
project's index has one user. Documents come whole with every change, as pygls would put partial ones elsewhere behind a form feed.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from lsprotocol import types
from pygls.capabilities import get_capability
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path, uri_scheme

from flake8_async_orm import __version__, linting
from flake8_async_orm.config import Config, ConfigError, Finder, read_options
from flake8_async_orm.lsp.translation import NAME, Translator
from flake8_async_orm.project import Project, Workspace
from flake8_async_orm.source import Source

#: trees that are kept for the next files, which often ask for the same ones
TREES_KEPT = 50

T = TypeVar("T")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Linted:
    """One state of a document, linted. `number` counts the states of all documents and files together."""

    number: int
    translator: Translator
    project: Project
    config: Config
    diagnostics: list[linting.Diagnostic]


class Server(LanguageServer):
    """The server of one editor."""

    def __init__(self) -> None:
        super().__init__(NAME, __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full)
        self.number = 0
        self.known: dict[str, Linted] = {}
        self.pending: dict[str, asyncio.Task[None]] = {}
        self.worker = ThreadPoolExecutor(1, "lint")
        #: for each configuration its project files, and the texts of open documents that were put over them
        self.workspaces: dict[Config, tuple[Workspace, dict[str, str]]] = {}
        self.settings: dict[str, Any] = {}
        self.finder = Finder()
        #: what is wrong now, by what it is about
        self.complaints: dict[str, str] = {}

    def complain(self, about: str, text: str) -> None:
        """Show a line to the user, unless it is shown already. An empty one takes back what was said about the same thing."""
        if text and text not in self.complaints.values():
            self.window_show_message(types.ShowMessageParams(types.MessageType.Error, f"{NAME}: {text}"))
        self.complaints[about] = text

    def can(self, capability: Any) -> bool:
        """Whether the editor has a capability, by its dotted name."""
        return bool(get_capability(self.client_capabilities, capability))

    def path_of(self, uri: str) -> str:
        """The file behind `uri`; a document that was never saved stands in the folder that is open."""
        return to_fs_path(uri) or os.path.join(self.workspace.root_path or os.getcwd(), "untitled.py")

    def opened(self, uri: str) -> tuple[str, int | None] | None:
        """The text and the version of a document, if it is open."""
        document = self.workspace.text_documents.get(uri)
        return None if document is None else (document.source, document.version)

    # -- linting ------------------------------------------------------------------------------------------------------

    async def lint(self, uri: str) -> Linted | None:
        """The present state of a document, linted. None if it is not open, or if the linter broke on it."""
        known = self.known.get(uri)
        opened = self.opened(uri)
        if opened is None or uri_scheme(uri) not in ("file", "untitled"):
            return None
        if known is not None and known.number == self.number:
            return known
        path = self.path_of(uri)
        texts = {self.path_of(other): one.source for other, one in self.workspace.text_documents.items()}
        try:
            config, complaint = self.finder.config_for(path), ""
        except ConfigError as error:
            given = {**self.settings, "baseline": None}
            config, complaint = dataclasses.replace(Config(), **given), str(error)
        self.complain(f"settings of {path}", complaint)
        source = Source.from_text(path, opened[0])
        translator = Translator(uri, opened[1], source, self.workspace.position_codec, self.opened)
        linted = await self.work(path, self.lint_source, self.number, translator, config, texts)
        if linted is None:
            return None
        if uri in self.workspace.text_documents:
            self.known[uri] = linted
        return linted

    async def fixed(self, linted: Linted) -> str | None:
        """The text of a document with all its safe fixes, if there are any."""
        source = linted.translator.source
        result = await self.work(source.path, linting.fix, source, linted.project, linted.config)
        return result.text if result is not None and result.applied else None

    async def work(self, path: str, function: Callable[..., T], *arguments: object) -> T | None:
        """Call a function on the worker thread, after all that is waiting there. None, and a word to the user, if it broke."""
        try:
            result = await asyncio.get_running_loop().run_in_executor(self.worker, partial(function, *arguments))
        except Exception as error:
            logger.exception("working on %s failed", path)
            self.complain(path, f"internal error in {path}: {error!r}")
            return None
        self.complain(path, "")
        return result

    def lint_source(self, number: int, translator: Translator, config: Config, texts: Mapping[str, str]) -> Linted:
        """Lint a document among the `texts` of all open ones, by path. On the worker thread."""
        workspace, shown = self.workspaces.setdefault(config, (Workspace(config), {}))
        for path in shown.keys() | texts.keys():
            if shown.get(path) != texts.get(path):
                workspace.overlay(path, texts.get(path))
        shown.clear()
        shown.update(texts)
        source = translator.source
        project = workspace.project_for(source.path)
        diagnostics = [] if config.excluded.matches(source.path) else linting.lint(source, project, config)
        workspace.forget_trees(TREES_KEPT)
        return Linted(number, translator, project, config, diagnostics)

    async def publish(self, uri: str, pause: float) -> None:
        """Lint a document after a `pause` in seconds, and tell the editor, if the document is still the same then."""
        await asyncio.sleep(pause)
        linted = await self.lint(uri)
        opened = self.opened(uri)
        if linted is not None and opened is not None and opened[1] == linted.translator.version:
            found = [linted.translator.diagnostic(one) for one in linted.diagnostics]
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, found, opened[1]))

    def changed(self, uri: str | None = None, pause: float = 0) -> None:
        """A document is in a new state; or, without `uri`, files and settings may be. Lint what that concerns."""
        self.number += 1
        if uri is None:
            self.finder = Finder(override=lambda config: dataclasses.replace(config, **self.settings))
            self.worker.submit(self.refresh)
        if self.can("text_document.diagnostic"):
            if uri is None and self.can("workspace.diagnostics.refresh_support"):
                self.workspace_diagnostic_refresh(None)
            return
        for one in list(self.workspace.text_documents) if uri is None else [uri]:
            self.forget(one)
            self.pending[one] = asyncio.ensure_future(self.publish(one, pause))

    def refresh(self) -> None:
        """Look at all files again when they are next asked for. On the worker thread."""
        for workspace, _ in self.workspaces.values():
            workspace.refresh()

    def forget(self, uri: str) -> None:
        """Lint a document no more for the state that it was in."""
        self.known.pop(uri, None)
        if uri in self.pending:
            self.pending.pop(uri).cancel()

    async def configure(self, settings: object) -> None:
        """Take our part of the editor's settings, or ask for it if it is not there. What is not said stays as it was."""
        options = settings.get(NAME) if isinstance(settings, Mapping) else None
        if options is None and self.can("workspace.configuration"):
            asked = types.ConfigurationParams([types.ConfigurationItem(section=NAME)])
            (options,) = await self.workspace_configuration_async(asked)
        self.take(options)
        self.changed()

    def take(self, options: object) -> None:
        """Put `options`, by their names in pyproject.toml, before those of the file. If one is wrong, none is taken."""
        if isinstance(options, Mapping):
            try:
                self.settings = read_options(options, "the editor's settings")
                self.complain("settings", "")
            except ConfigError as error:
                self.complain("settings", str(error))

    def shutdown(self) -> None:
        """Stop at once: what waits to be linted is of no use to anybody."""
        self.worker.shutdown(wait=False, cancel_futures=True)
        super().shutdown()  # type: ignore[no-untyped-call]
