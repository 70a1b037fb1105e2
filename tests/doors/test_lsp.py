"""The editor door: the server in a process of its own, as two editors speak to it; and its translations alone."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_lsp
from lsprotocol import types
from pygls.workspace import PositionCodec
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities, make_test_lsp_client

from doors.conftest import MISUSE, Run, baseline
from flake8_async_orm.diagnostics import Diagnostic, Range, Related
from flake8_async_orm.lsp.translation import FIX_ALL, QUICK_FIX, Translator, line_changes
from flake8_async_orm.source import Source

pytestmark = pytest.mark.asyncio(loop_scope="module")

# one that gets diagnostics published, and counts in UTF-16; one that asks for them, and counts in UTF-8
EDITORS = ("visual_studio_code", "neovim")
FIXED = MISUSE.replace("    session.commit()", "    await session.commit()")
NOWHERE = types.Range(types.Position(0, 0), types.Position(0, 0))
# a server whose linter breaks on a word
FRAGILE = """
from flake8_async_orm import linting
from flake8_async_orm.lsp.messages import make_server

real = linting.lint

def lint(source, *arguments, **keywords):
    if "broken" in source.text:
        raise LookupError("a defect")
    return real(source, *arguments, **keywords)

linting.lint = lint
make_server().start_io()
"""


def new_client() -> LanguageClient:
    client = make_test_lsp_client()
    client.registered: list[str] = []  # type: ignore[attr-defined]

    @client.feature(types.CLIENT_REGISTER_CAPABILITY)
    def register(params: types.RegistrationParams) -> None:
        client.registered += [one.method for one in params.registrations]

    return client


class Editor:
    """What one does in an editor: `client` is its half of the connection, `folder` what is open in it."""

    def __init__(self, client: LanguageClient, folder: Path) -> None:
        self.client = client
        self.folder = folder
        assert client.capabilities is not None and client.capabilities.text_document is not None
        self.pulls = client.capabilities.text_document.diagnostic is not None
        self.versions: dict[str, int] = {}

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def identifier(self, name: str) -> types.TextDocumentIdentifier:
        return types.TextDocumentIdentifier(self.uri(name))

    def open(self, name: str, text: str) -> None:
        self.versions[name] = 1
        item = types.TextDocumentItem(self.uri(name), "python", 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def change(self, name: str, text: str) -> None:
        self.versions[name] += 1
        document = types.VersionedTextDocumentIdentifier(self.versions[name], self.uri(name))
        change = types.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))

    def save(self, name: str) -> None:
        self.client.text_document_did_save(types.DidSaveTextDocumentParams(self.identifier(name)))

    def close(self, name: str) -> None:
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(self.identifier(name)))

    def configure(self, settings: object) -> None:
        """Change the settings, which are also there to be asked for."""
        self.client.set_configuration({"flake8-async-orm": settings})
        sent = {"flake8-async-orm": settings} if self.pulls else None
        self.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(sent))

    async def found(self, name: str) -> Sequence[types.Diagnostic]:
        if not self.pulls:
            return self.client.diagnostics.get(self.uri(name), ())
        report = await self.client.text_document_diagnostic_async(types.DocumentDiagnosticParams(self.identifier(name)))
        assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
        return report.items

    async def shows(self, name: str, *codes: str, line: int | None = None) -> Sequence[types.Diagnostic]:
        """Wait until a document has just these findings, the first one on `line`."""
        for _ in range(1000):
            found = await self.found(name)
            is_known = self.pulls or self.uri(name) in self.client.diagnostics
            if is_known and [one.code for one in found] == list(codes) and line in (None, *lines(found)):
                return found
            await asyncio.sleep(0.03)
        raise AssertionError(f"{name} has {found}, not {codes}")

    async def says(self, text: str) -> None:
        """Wait until a message that holds `text` is shown."""
        for _ in range(1000):
            if any(text in one.message for one in self.client.messages):
                return
            await asyncio.sleep(0.03)
        raise AssertionError(f"shown were {self.client.messages}")

    async def actions(
        self,
        name: str,
        place: types.Range,
        only: Sequence[str] | None = None,
        trigger: types.CodeActionTriggerKind | None = None,
    ) -> list[types.CodeAction]:
        context = types.CodeActionContext([], only, trigger)
        asked = types.CodeActionParams(self.identifier(name), place, context)
        found = await self.client.text_document_code_action_async(asked) or ()
        return [one for one in found if isinstance(one, types.CodeAction)]

    def applied(self, name: str, text: str, edit: types.WorkspaceEdit | None) -> str:
        """The text after an edit of this one document."""
        assert edit is not None
        if self.pulls:  # this editor does not speak of versions
            assert edit.document_changes is None and edit.changes is not None
            (changes,) = [edit.changes[self.uri(name)]]
            assert len(edit.changes) == 1
        else:
            assert edit.changes is None and edit.document_changes is not None
            (change,) = edit.document_changes
            assert isinstance(change, types.TextDocumentEdit)
            document = change.text_document
            assert (document.uri, document.version) == (self.uri(name), self.versions[name])
            changes = [one for one in change.edits if isinstance(one, types.TextEdit)]
        lines = text.splitlines(keepends=True)
        for one in sorted(changes, key=lambda one: (one.range.start.line, one.range.start.character), reverse=True):
            start, end = (
                sum(map(len, lines[: place.line])) + place.character for place in (one.range.start, one.range.end)
            )
            text = text[:start] + one.new_text + text[end:]
        return text


CONFIG = ClientServerConfig([sys.executable, "-m", "flake8_async_orm.lsp"], client_factory=new_client)
FRAGILE_CONFIG = ClientServerConfig([sys.executable, "-c", FRAGILE], client_factory=new_client)


async def start(client: LanguageClient, editor: str, options: object = None) -> None:
    await client.initialize_session(
        types.InitializeParams(capabilities=client_capabilities(editor), initialization_options=options)
    )


@pytest_lsp.fixture(config=CONFIG, scope="module", params=EDITORS)
async def client(lsp_client: LanguageClient, request: pytest.FixtureRequest) -> AsyncIterator[None]:
    await start(lsp_client, request.param)
    yield
    await lsp_client.shutdown_session()


@pytest_lsp.fixture(config=FRAGILE_CONFIG)
async def fragile_client(lsp_client: LanguageClient) -> AsyncIterator[None]:
    await start(lsp_client, "visual_studio_code", {"severity": {"AOR1": "hint"}})
    yield
    await lsp_client.shutdown_session()


@pytest.fixture
def editor(client: LanguageClient, tmp_path: Path) -> Editor:
    client.messages.clear()
    return Editor(client, tmp_path)


def lines(found: Sequence[types.Diagnostic]) -> list[int]:
    return [one.range.start.line for one in found[:1]]


def corners(place: types.Range) -> tuple[int, int, int, int]:
    return place.start.line, place.start.character, place.end.line, place.end.character


# -- diagnostics -----------------------------------------------------------------------------------------------------------


async def test_a_finding_stands_at_its_expression_and_leads_to_its_rule(editor: Editor) -> None:
    editor.open("app.py", MISUSE)
    (found,) = await editor.shows("app.py", "AOR101")
    assert corners(found.range) == (5, 4, 5, 20)
    assert (found.source, found.severity) == ("flake8-async-orm", types.DiagnosticSeverity.Error)
    assert "write `await`" in found.message
    assert found.code_description is not None
    assert "missing_await" in found.code_description.href


async def test_findings_follow_the_text(editor: Editor) -> None:
    editor.open("app.py", FIXED)
    await editor.shows("app.py")
    editor.change("app.py", MISUSE)
    await editor.shows("app.py", "AOR101")
    for text in (FIXED, MISUSE, MISUSE + MISUSE, FIXED):
        editor.change("app.py", text)
    await editor.shows("app.py")
    editor.change("app.py", MISUSE)
    await editor.shows("app.py", "AOR101")
    editor.close("app.py")
    await editor.shows("app.py")


async def test_columns_are_counted_as_the_editor_counts(editor: Editor) -> None:
    text = MISUSE.replace("    session.commit()", '    print("\U0001f600é"); session.commit()')
    editor.open("app.py", text)
    (found,) = await editor.shows("app.py", "AOR101")
    assert corners(found.range)[:2] == (5, 21 if editor.pulls else 18)
    (action,) = await editor.actions("app.py", found.range, [QUICK_FIX])
    assert action.edit is not None
    edits = editor.applied("app.py", text.replace("\U0001f600é", "123456" if editor.pulls else "123"), action.edit)
    assert "; await session.commit()" in edits


async def test_form_feeds_and_line_separators_end_no_line(editor: Editor) -> None:
    text = MISUSE.replace("\n\n\n", "\n\f\n# \u2028\n")
    editor.open("app.py", text)
    (found,) = await editor.shows("app.py", "AOR101")
    assert corners(found.range) == (5, 4, 5, 20)
    editor.change("app.py", "\r\n" + text.replace("\n", "\r\n"))
    (found,) = await editor.shows("app.py", "AOR101", line=6)
    assert corners(found.range) == (6, 4, 6, 20)


async def test_a_broken_file_is_one_finding(editor: Editor) -> None:
    editor.open("app.py", MISUSE.replace("commit()", "commit("))
    await editor.shows("app.py", "AOR000")
    editor.change("app.py", MISUSE)
    await editor.shows("app.py", "AOR101")


async def test_unsaved_text_counts_for_the_other_files(editor: Editor) -> None:
    session = "from sqlalchemy.ext.asyncio import AsyncSession\n\n\nclass Session(AsyncSession):\n    pass\n"
    editor.folder.joinpath("session.py").write_text("class Session:\n    pass\n")
    editor.open("session.py", session)
    editor.open("app.py", MISUSE.replace("sqlalchemy.ext.asyncio", "session").replace("AsyncSession", "Session"))
    await editor.shows("app.py", "AOR101")
    editor.close("session.py")
    editor.save("app.py")
    await editor.shows("app.py")


async def test_files_that_change_on_disk_are_looked_at_again(editor: Editor) -> None:
    editor.open("app.py", MISUSE)
    await editor.shows("app.py", "AOR101")
    settings = editor.folder / "pyproject.toml"
    settings.write_text('[tool.flake8-async-orm]\nignore = ["missing-await"]\n')
    event = types.FileEvent(settings.as_uri(), types.FileChangeType.Created)
    editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
    await editor.shows("app.py")
    assert editor.pulls or "workspace/didChangeWatchedFiles" in editor.client.registered  # type: ignore[attr-defined]


async def test_what_is_left_out_has_no_findings(editor: Editor) -> None:
    editor.folder.joinpath("pyproject.toml").write_text('[tool.flake8-async-orm]\nexclude = ["generated"]\n')
    editor.open("generated/app.py", MISUSE)
    await editor.shows("generated/app.py")


async def test_what_a_baseline_knows_is_left_out(editor: Editor) -> None:
    editor.folder.joinpath("known.json").write_text(baseline("app.py"), encoding="utf-8")
    editor.folder.joinpath("pyproject.toml").write_text('[tool.flake8-async-orm]\nbaseline = "known.json"\n')
    editor.open("app.py", MISUSE)
    await editor.shows("app.py")
    editor.open("other.py", MISUSE)
    await editor.shows("other.py", "AOR101")


# -- settings ----------------------------------------------------------------------------------------------------------------


async def test_the_editor_s_settings_go_before_those_of_the_file(editor: Editor) -> None:
    editor.folder.joinpath("pyproject.toml").write_text('[tool.flake8-async-orm]\nignore = ["AOR5"]\n')
    editor.open("app.py", MISUSE)
    await editor.shows("app.py", "AOR101")
    editor.configure({"ignore": ["missing-await"]})
    await editor.shows("app.py")
    editor.configure({})
    await editor.shows("app.py", "AOR101")


async def test_a_wrong_setting_is_said_once_and_changes_nothing(editor: Editor) -> None:
    editor.open("app.py", MISUSE)
    await editor.shows("app.py", "AOR101")
    editor.configure({"ingore": ["missing-await"]})
    await editor.says("did you mean `ignore`?")
    editor.folder.joinpath("pyproject.toml").write_text("[tool.flake8-async-orm]\nignore = 1\n")
    editor.configure({})
    await editor.shows("app.py", "AOR101")
    await editor.says("pyproject.toml: `ignore` must be a list")
    for _ in range(2):
        editor.save("app.py")
        await editor.shows("app.py", "AOR101")
    assert len(editor.client.messages) == 2


# -- actions -------------------------------------------------------------------------------------------------------------------


async def test_a_quick_fix_mends_its_finding(editor: Editor) -> None:
    editor.open("app.py", MISUSE)
    editor.change("app.py", "# one more line\n" + MISUSE)
    text = "# one more line\n" + MISUSE
    (found,) = await editor.shows("app.py", "AOR101", line=6)
    (action,) = await editor.actions("app.py", found.range, [QUICK_FIX])
    assert (action.kind, action.is_preferred) == (QUICK_FIX, True)
    assert [one.code for one in action.diagnostics or ()] == ["AOR101"]
    assert editor.applied("app.py", text, action.edit) == "# one more line\n" + FIXED
    assert await editor.actions("app.py", NOWHERE, [QUICK_FIX]) == []


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
async def test_one_action_makes_all_safe_fixes(editor: Editor, newline: str) -> None:
    functions = [MISUSE, MISUSE.partition("\n\n\n")[2], "async def last(session: AsyncSession):\n    session.commit()"]
    text = "\n\n".join(functions).replace("\n", newline)
    editor.open("app.py", text)
    await editor.shows("app.py", "AOR101", "AOR101", "AOR101")
    (action,) = await editor.actions("app.py", NOWHERE, [FIX_ALL])
    fixed = editor.applied("app.py", text, action.edit)
    assert fixed == text.replace("    session.commit", "    await session.commit")
    editor.change("app.py", fixed)
    await editor.shows("app.py")
    assert await editor.actions("app.py", NOWHERE, [FIX_ALL]) == []


async def test_actions_are_those_that_are_asked_for(editor: Editor) -> None:
    editor.open("app.py", MISUSE)
    (found,) = await editor.shows("app.py", "AOR101")
    expected = {
        ("source",): [FIX_ALL],
        ("source.fixAll",): [FIX_ALL],
        (FIX_ALL,): [FIX_ALL],
        ("quickfix",): [QUICK_FIX],
        ("refactor", "quickfix", "source"): [QUICK_FIX, FIX_ALL],
        ("source.fixAll.ruff",): [],
        ("source.organizeImports",): [],
        ("quick",): [],
        None: [QUICK_FIX, FIX_ALL],
    }
    given = {only: await editor.actions("app.py", found.range, only) for only in expected}
    assert {only: [one.kind for one in actions] for only, actions in given.items()} == expected
    automatic = await editor.actions("app.py", found.range, None, types.CodeActionTriggerKind.Automatic)
    assert [one.kind for one in automatic] == [QUICK_FIX]


async def test_hover_shows_the_rule(editor: Editor) -> None:
    editor.open("app.py", MISUSE)
    asked = types.HoverParams(editor.identifier("app.py"), types.Position(5, 8))
    shown = await editor.client.text_document_hover_async(asked)
    assert shown is not None and isinstance(shown.contents, types.MarkupContent)
    assert shown.contents.kind == types.MarkupKind.Markdown
    assert "missing-await" in shown.contents.value and "```python" in shown.contents.value
    elsewhere = types.HoverParams(editor.identifier("app.py"), types.Position(0, 0))
    assert await editor.client.text_document_hover_async(elsewhere) is None


# -- what goes wrong -----------------------------------------------------------------------------------------------------------


@pytest.mark.asyncio(loop_scope="function")
async def test_a_defect_in_the_linter_does_not_end_the_server(fragile_client: LanguageClient, tmp_path: Path) -> None:
    editor = Editor(fragile_client, tmp_path)
    editor.open("app.py", f"# broken\n{MISUSE}")
    await editor.says("LookupError('a defect')")
    assert await editor.actions("app.py", NOWHERE) == []
    editor.change("app.py", MISUSE)
    (found,) = await editor.shows("app.py", "AOR101")
    # told when the server was started
    assert found.severity == types.DiagnosticSeverity.Hint


async def test_a_missing_library_is_one_line(run: Run, tmp_path: Path, environment: dict[str, str]) -> None:
    tmp_path.joinpath("old", "pygls").mkdir(parents=True)
    tmp_path.joinpath("old", "pygls", "__init__.py").touch()
    environment["PYTHONPATH"] = f"{tmp_path / 'old'}:{environment.get('PYTHONPATH', '')}".rstrip(":")
    done = run("flake8_async_orm.lsp")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1 and "pip install 'flake8-async-orm[lsp]'" in done.stderr


async def test_nothing_is_imported_from_where_the_server_is_started(run: Run, tmp_path: Path) -> None:
    for name in ("pygls", "lsprotocol", "difflib", "sqlalchemy", "libcst"):
        tmp_path.joinpath(f"{name}.py").write_text("print('imported')\nraise SystemExit(3)\n")
    done = run("flake8_async_orm.lsp", stdin="")
    assert (done.returncode, done.stdout) == (0, "")


# -- translation alone -----------------------------------------------------------------------------------------------------------


async def test_places_in_other_files_are_those_of_their_text(tmp_path: Path) -> None:
    saved, opened = tmp_path / "saved.py", tmp_path / "opened.py"
    saved.write_text("'\U0001f600'; x\n", encoding="utf-8")
    texts = {opened.as_uri(): ("'\U0001f600\U0001f600'; x\n", 7)}
    source = Source.from_text(str(tmp_path / "app.py"), "xx\n")
    translator = Translator((tmp_path / "app.py").as_uri(), 3, source, PositionCodec("utf-16"), texts.get)
    related = tuple(Related(str(path), 1, column, 1, column + 1, "here") for path, column in ((saved, 5), (opened, 6)))
    related += (Related(str(tmp_path / "gone.py"), 4, 2, 4, 3, "gone"),)
    finding = Diagnostic("AOR501", "lazy-load", "message", "help", "app.py", 0, 2, 1, 0, 1, 2, related)
    shown = translator.diagnostic(finding)
    assert shown.message == "message\nhelp"
    places = [(one.location.uri, one.location.range.start.character) for one in shown.related_information or ()]
    assert places[:2] == [(saved.as_uri(), 6), (opened.as_uri(), 8)]

    changes = [
        (None, Range(1, 0, 1, 2), "a"),
        (str(opened), Range(1, 6, 1, 7), "b"),
        (str(saved), Range(1, 5, 1, 6), "c"),
    ]
    edit = translator.edit(changes, versioned=True)
    documents = [one for one in edit.document_changes or () if isinstance(one, types.TextDocumentEdit)]
    assert [(one.text_document.uri, one.text_document.version) for one in documents] == [
        (translator.uri, 3),
        (opened.as_uri(), 7),
        (saved.as_uri(), None),
    ]
    assert [one.edits[0].range.start.character for one in documents] == [0, 8, 6]
    assert list(translator.edit(changes, versioned=False).changes or ()) == [one.text_document.uri for one in documents]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\nb", "a\nb\nc"),
        ("a\r\nb\r\n", "x\r\na\r\n"),
        ("", "a\n"),
        ("a\rb\r", ""),
        ("a\n\u2028\fb\n", "a\n\u2028\fc\n"),
    ],
)
async def test_changed_lines_lead_to_the_new_text(before: str, after: str) -> None:
    source = Source.from_text("app.py", before)
    text = before
    for _, place, new in sorted(line_changes(source, after), key=lambda change: change[1], reverse=True):
        start, end = source.offset(place.line, place.column), source.offset(place.end_line, place.end_column)
        text = text[:start] + new + text[end:]
    assert text == after
