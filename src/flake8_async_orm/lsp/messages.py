"""What the server does on each message of the editor."""

from __future__ import annotations

from collections.abc import Callable

from lsprotocol import types
from pygls.capabilities import get_capability

from flake8_async_orm.lsp.server import Server
from flake8_async_orm.lsp.translation import FIX_ALL, NAME, QUICK_FIX, is_wanted, line_changes, rule_markdown

#: seconds without a change before a document is linted
PAUSE = 0.2


def initialize(ls: Server, params: types.InitializeParams) -> None:
    """Offer diagnostics on demand only to an editor that asks for them, as it would show published ones twice."""
    options = params.initialization_options
    ls.take(options.get(NAME, options) if isinstance(options, dict) else None)
    if get_capability(params.capabilities, "text_document.diagnostic"):
        offered = types.DiagnosticOptions(inter_file_dependencies=True, workspace_diagnostics=False, identifier=NAME)
        ls.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, offered)(diagnostic)


async def initialized(ls: Server, params: types.InitializedParams) -> None:
    await ls.configure(None)
    if ls.can("workspace.did_change_watched_files.dynamic_registration"):
        watchers = [types.FileSystemWatcher(f"**/{name}") for name in ("*.py", "*.pyi", "pyproject.toml")]
        options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
        watch = types.Registration(f"{NAME}.files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
        await ls.client_register_capability_async(types.RegistrationParams([watch]))


async def diagnostic(ls: Server, params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
    linted = await ls.lint(params.text_document.uri)
    found = [linted.translator.diagnostic(one) for one in linted.diagnostics] if linted else []
    return types.RelatedFullDocumentDiagnosticReport(found)


async def code_action(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    """The fixes of the findings that the range touches, and all safe fixes of the file in one."""
    linted = await ls.lint(params.text_document.uri)
    if linted is None:
        return []
    translator, versioned = linted.translator, ls.can("workspace.workspace_edit.document_changes")
    actions = []
    start, end = translator.offset(params.range.start), translator.offset(params.range.end)
    for found in linted.diagnostics if is_wanted(QUICK_FIX, params.context) else ():
        if found.start > end or start > found.end:
            continue
        for fix, places in zip(found.fixes, found.fix_ranges, strict=True):
            changes = [(edit.path, place, edit.text) for edit, place in zip(fix.edits, places, strict=True)]
            action = types.CodeAction(fix.title, QUICK_FIX, [translator.diagnostic(found)])
            action.is_preferred = fix is found.fix() or None
            action.edit = translator.edit(changes, versioned)
            actions.append(action)
    if is_wanted(FIX_ALL, params.context) and any(found.fix() for found in linted.diagnostics):
        fixed = await ls.fixed(linted)
        if fixed is not None:
            edit = translator.edit(line_changes(translator.source, fixed), versioned)
            actions.append(types.CodeAction("Fix all that is safe to fix", FIX_ALL, edit=edit))
    return actions


async def hover(ls: Server, params: types.HoverParams) -> types.Hover | None:
    """What is found at the position, and the documentation of its rule."""
    linted = await ls.lint(params.text_document.uri)
    if linted is None:
        return None
    offset = linted.translator.offset(params.position)
    for found in linted.diagnostics:
        if found.start <= offset <= found.end:
            text = types.MarkupContent(types.MarkupKind.Markdown, rule_markdown(found.code))
            return types.Hover(text, linted.translator.range(found))
    return None


def did_open(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
    ls.changed(params.text_document.uri)


def did_change(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    ls.changed(params.text_document.uri, PAUSE)


def did_close(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    ls.forget(params.text_document.uri)
    ls.number += 1
    if not ls.can("text_document.diagnostic"):
        ls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(params.text_document.uri, []))


def files_changed(ls: Server, params: types.DidSaveTextDocumentParams | types.DidChangeWatchedFilesParams) -> None:
    ls.changed()


async def did_change_configuration(ls: Server, params: types.DidChangeConfigurationParams) -> None:
    await ls.configure(params.settings)


HANDLERS: tuple[tuple[str, Callable[..., object], object], ...] = (
    (types.INITIALIZE, initialize, None),
    (types.INITIALIZED, initialized, None),
    (types.TEXT_DOCUMENT_DID_OPEN, did_open, None),
    (types.TEXT_DOCUMENT_DID_CHANGE, did_change, None),
    (types.TEXT_DOCUMENT_DID_CLOSE, did_close, None),
    (types.TEXT_DOCUMENT_DID_SAVE, files_changed, None),
    (types.TEXT_DOCUMENT_HOVER, hover, None),
    (types.TEXT_DOCUMENT_CODE_ACTION, code_action, types.CodeActionOptions(code_action_kinds=[QUICK_FIX, FIX_ALL])),
    (types.WORKSPACE_DID_CHANGE_WATCHED_FILES, files_changed, None),
    (types.WORKSPACE_DID_CHANGE_CONFIGURATION, did_change_configuration, None),
)


def make_server() -> Server:
    """A server that answers every message in the table."""
    server = Server()
    for method, handler, options in HANDLERS:
        server.feature(method, options)(handler)
    return server
