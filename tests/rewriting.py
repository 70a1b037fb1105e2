"""The same program written another way: each rewriting keeps what the text means and changes how it stands there.

A rewriting takes a text with `\n` for newlines and gives a file's bytes, or None where it has nothing to do.
"""

from __future__ import annotations

import io
import tokenize
from collections.abc import Callable

import libcst as cst

Rewriting = Callable[[str], bytes | None]


def _crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def _bom(text: str) -> bytes:
    return b"\xef\xbb\xbf" + text.encode()


def _latin_1(text: str) -> bytes | None:
    try:
        return f"# -*- coding: latin-1 -*-\n# d\xe9j\xe0 vu\n{text}".encode("latin-1")
    except UnicodeEncodeError:
        return None


def _form_feeds(text: str) -> bytes:
    return "".join(_outside_strings(text, lambda line: line.replace("\n", "\f\n") if line == "\n" else line)).encode()


def _no_last_newline(text: str) -> bytes:
    return text.rstrip("\n").encode()


def _tabs(text: str) -> bytes:
    def tabbed(line: str) -> str:
        width = len(line) - len(line.lstrip(" "))
        return "\t" * (width // 4) + line[width - width % 4 :]

    return "".join(_outside_strings(text, tabbed)).encode()


def _outside_strings(text: str, change: Callable[[str], str]) -> list[str]:
    """The lines, those changed that do not begin inside a string literal."""
    inside: set[int] = set()
    for node in tokenize.generate_tokens(io.StringIO(text).readline):
        if node.type == tokenize.STRING or tokenize.tok_name[node.type] in ("FSTRING_MIDDLE", "FSTRING_END"):
            inside |= set(range(node.start[0] + 1, node.end[0] + 1))
    lines = text.splitlines(keepends=True)
    return [line if number in inside else change(line) for number, line in enumerate(lines, 1)]


def _parsed(change: type[cst.CSTTransformer]) -> Rewriting:
    return lambda text: cst.parse_module(text).visit(change()).code.encode()


class _Change(cst.CSTTransformer):
    """Leaves f-strings alone: before Python 3.12 they hold neither comments nor newlines."""

    def visit_FormattedString(self, node: cst.FormattedString) -> bool:
        return False


class _Parentheses(_Change):
    """Every call and every `await` in one more pair of parentheses; an `await` in one over several lines."""

    def visit_Decorator(self, node: cst.Decorator) -> bool:
        return False

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:
        return updated_node.with_changes(
            lpar=[cst.LeftParen(), *updated_node.lpar], rpar=[*updated_node.rpar, cst.RightParen()]
        )

    def leave_Await(self, original_node: cst.Await, updated_node: cst.Await) -> cst.Await:
        return updated_node.with_changes(
            lpar=[cst.LeftParen(_broken()), *updated_node.lpar], rpar=[*updated_node.rpar, cst.RightParen()]
        )


class _Comments(_Change):
    """Arguments on lines of their own, each with a comment, and one ahead of the closing parenthesis."""

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:
        if not updated_node.args:
            return updated_node
        if any(isinstance(argument.value, cst.GeneratorExp) for argument in updated_node.args):
            return updated_node
        changed = [
            argument.with_changes(comma=cst.Comma(whitespace_after=_broken("# why")), whitespace_after_arg=_NOTHING)
            for argument in updated_node.args
        ]
        return updated_node.with_changes(args=changed, whitespace_before_args=_broken("# what"))


_NOTHING = cst.SimpleWhitespace("")


def _broken(comment: str | None = None) -> cst.ParenthesizedWhitespace:
    remark = cst.Comment(comment) if comment else None
    first = cst.TrailingWhitespace(cst.SimpleWhitespace("  " if comment else ""), remark)
    return cst.ParenthesizedWhitespace(first, [], True, cst.SimpleWhitespace("    "))


class _Continuations(_Change):
    """A backslash and a newline behind every `await` and every `=` of an assignment."""

    def leave_Await(self, original_node: cst.Await, updated_node: cst.Await) -> cst.Await:
        return updated_node.with_changes(whitespace_after_await=cst.SimpleWhitespace(" \\\n    "))

    def leave_AssignTarget(self, original_node: cst.AssignTarget, updated_node: cst.AssignTarget) -> cst.AssignTarget:
        return updated_node.with_changes(whitespace_after_equal=cst.SimpleWhitespace(" \\\n    "))


class _Semicolons(_Change):
    """A second statement behind every simple one that stands in a function."""

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:
        return cst.ensure_type(updated_node.visit(_Behind()), cst.FunctionDef)


class _Behind(_Change):
    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.SimpleStatementLine:
        if len(updated_node.body) > 1 or not isinstance(updated_node.body[0], (cst.Assign, cst.Expr, cst.AugAssign)):
            return updated_node
        first = updated_node.body[0].with_changes(semicolon=cst.Semicolon(whitespace_after=cst.SimpleWhitespace(" ")))
        return updated_node.with_changes(body=[first, cst.Pass()])


class _OneLine(_Change):
    """A block of one simple statement comes behind the colon."""

    def leave_IndentedBlock(
        self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock
    ) -> cst.BaseSuite:
        if len(updated_node.body) != 1 or not isinstance(updated_node.body[0], cst.SimpleStatementLine):
            return updated_node
        line = updated_node.body[0]
        return cst.SimpleStatementSuite(line.body, trailing_whitespace=line.trailing_whitespace)


REWRITINGS: dict[str, Rewriting] = {
    "CRLF": _crlf,
    "BOM": _bom,
    "Latin-1": _latin_1,
    "form feeds": _form_feeds,
    "no last newline": _no_last_newline,
    "tabs": _tabs,
    "parentheses": _parsed(_Parentheses),
    "comments": _parsed(_Comments),
    "continuations": _parsed(_Continuations),
    "semicolons": _parsed(_Semicolons),
    "one line": _parsed(_OneLine),
}
#: what also holds of the result: the fixed rewriting is the rewriting of what is fixed
COMMUTE = ("CRLF", "BOM", "Latin-1", "no last newline", "tabs")
