"""What the linter says, in the words of the language server protocol, and back.

All positions go through the lines of `Source`: pygls takes form feeds and U+2028 for ends of lines, which Python and
the protocol do not.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lsprotocol import types
from pygls.uris import from_fs_path
from pygls.workspace import PositionCodec

from flake8_async_orm import rules
from flake8_async_orm.codes import table
from flake8_async_orm.linting import Diagnostic, Range, Related
from flake8_async_orm.report.colour import Paint
from flake8_async_orm.report.explain import explain
from flake8_async_orm.rule import REGISTRY
from flake8_async_orm.source import Source

NAME = "flake8-async-orm"
QUICK_FIX = types.CodeActionKind.QuickFix.value
FIX_ALL = f"{types.CodeActionKind.SourceFixAll.value}.{NAME}"
SEVERITIES = dict(zip(("error", "warning", "info", "hint"), types.DiagnosticSeverity, strict=True))

#: the path of a file (None: the document itself), a place in it, and the new text
Change = tuple[str | None, Range, str]


@dataclass(frozen=True)
class Translator:
    """Translates for one document: its `uri`, its `version` in the editor, and the `source` that was linted.

    `opened` gives the text and the version of any document by its uri, if it is open.
    """

    uri: str
    version: int | None
    source: Source
    codec: PositionCodec
    opened: Callable[[str], tuple[str, int | None] | None]

    def offset(self, position: types.Position) -> int:
        """The 0-based offset in the text of a position in the editor's units."""
        found = self.codec.position_from_client_units(self.source.lines, position)
        return self.source.offset(found.line + 1, found.character)

    def range(self, place: Range | Related | Diagnostic, source: Source | None = None) -> types.Range:
        """A place in this document, or in `source`, in the editor's units."""
        start = types.Position(place.line - 1, place.column)
        end = types.Position(place.end_line - 1, place.end_column)
        return self.codec.range_to_client_units((source or self.source).lines, types.Range(start, end))

    def diagnostic(self, found: Diagnostic) -> types.Diagnostic:
        """A finding."""
        url = rule_url(found.code)
        return types.Diagnostic(
            range=self.range(found),
            message=f"{found.message}\n{found.help}" if found.help else found.message,
            severity=SEVERITIES[found.severity],
            code=found.code,
            code_description=types.CodeDescription(href=url) if url else None,
            source=NAME,
            related_information=[self._related(one) for one in found.related] or None,
        )

    def _related(self, related: Related) -> types.DiagnosticRelatedInformation:
        uri, _, source = self._file(related.path)
        return types.DiagnosticRelatedInformation(types.Location(uri, self.range(related, source)), related.text)

    def edit(self, changes: Iterable[Change], versioned: bool) -> types.WorkspaceEdit:
        """Changes; `versioned` if the editor can be told which state of a document they are for."""
        files: dict[str, tuple[int | None, list[types.TextEdit]]] = {}
        for path, place, text in changes:
            uri, version, source = self._file(path)
            files.setdefault(uri, (version, []))[1].append(types.TextEdit(self.range(place, source), text))
        if not versioned:
            return types.WorkspaceEdit(changes={uri: edits for uri, (_, edits) in files.items()})
        return types.WorkspaceEdit(
            document_changes=[
                types.TextDocumentEdit(types.OptionalVersionedTextDocumentIdentifier(uri, version), list(edits))
                for uri, (version, edits) in files.items()
            ]
        )

    def _file(self, path: str | None) -> tuple[str, int | None, Source]:
        """The uri, the version and the text of the file at `path`: as it is in the editor, else as it is on disk."""
        if path is None or os.path.abspath(path) == self.source.path:
            return self.uri, self.version, self.source
        uri = from_fs_path(os.path.abspath(path)) or self.uri
        opened = self.opened(uri)
        if opened is not None:
            return uri, opened[1], Source.from_text(path, opened[0])
        try:
            with open(path, "rb") as file:
                return uri, None, Source.from_bytes(path, file.read())
        except OSError:
            return uri, None, Source.from_text(path, "")


def rule_url(code: str) -> str | None:
    """Where the rule is described: its module, whose docstring is its documentation."""
    found = sorted(Path(rules.__file__).parent.glob(f"{code.lower()}_*.py"))
    return found[0].as_uri() if found else None


def rule_markdown(code: str) -> str:
    """The documentation of a rule."""
    row = table().get(code)
    return explain(row, REGISTRY.get(code), Paint(False)) if row else ""


def line_changes(before: Source, after: str) -> Iterator[Change]:
    """What leads from a source to a new text, in whole lines, so that cursors and folds elsewhere stay."""
    old, new = (re.findall(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+", text) for text in (before.text, after))
    for tag, start, end, new_start, new_end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            first = len("".join(old[:start]))
            last = first + len("".join(old[start:end]))
            place = Range(*before.line_column(first), *before.line_column(last))
            yield None, place, "".join(new[new_start:new_end])


def is_wanted(kind: str, context: types.CodeActionContext) -> bool:
    """Whether the editor asks for actions of `kind`. Unasked, while a cursor moves, it gets no action on the whole file."""
    if context.only is None:
        return kind == QUICK_FIX or context.trigger_kind != types.CodeActionTriggerKind.Automatic
    return any(f"{kind}.".startswith(f"{getattr(one, 'value', one)}.") for one in context.only)
