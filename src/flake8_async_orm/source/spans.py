"""Where nodes stand, by generating the code of a module once and counting code points."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from libcst import CSTNode
from libcst._nodes.internal import CodegenState

from flake8_async_orm.source.lines import Lines

if TYPE_CHECKING:
    from libcst import Module


class _Recording:
    """Notes the span of a node while its code is generated, or takes an end from one of its children."""

    __slots__ = ("_end_node", "_node", "_start", "_start_node", "_state")

    def __init__(self, state: _Counting, node: CSTNode, start_node: CSTNode | None, end_node: CSTNode | None) -> None:
        self._state = state
        self._node = node
        self._start_node = start_node
        self._end_node = end_node

    def __enter__(self) -> None:
        self._start = self._state.offset

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            return
        spans = self._state.spans
        start = self._start if self._start_node is None else spans[id(self._start_node)][0]
        end = self._state.offset if self._end_node is None else spans[id(self._end_node)][1]
        spans[id(self._node)] = (start, end)


class _Counting(CodegenState):
    """Generates code and notes the span of every node, by the node's `id`."""

    def __init__(self, module: Module) -> None:
        super().__init__(default_indent=module.default_indent, default_newline=module.default_newline)
        self.offset = 0
        self.spans: dict[int, tuple[int, int]] = {}
        self._starts: list[int] = []

    def add_indent_tokens(self) -> None:
        self.tokens.extend(self.indent_tokens)
        for token in self.indent_tokens:
            self.offset += len(token)

    def add_token(self, value: str) -> None:
        self.tokens.append(value)
        self.offset += len(value)

    def before_codegen(self, node: CSTNode) -> None:
        self._starts.append(self.offset)

    def after_codegen(self, node: CSTNode) -> None:
        start = self._starts.pop()
        # what the node itself noted is without the white space around it, and stays
        self.spans.setdefault(id(node), (start, self.offset))

    def record_syntactic_position(  # type: ignore[override]  # a plain context manager is cheaper than a generator
        self, node: CSTNode, *, start_node: CSTNode | None = None, end_node: CSTNode | None = None
    ) -> _Recording:
        return _Recording(self, node, start_node, end_node)


def generate(module: Module) -> tuple[str, dict[int, tuple[int, int]]]:
    """The code of `module` and the (start, end) of every node in it, by `id(node)`, in 0-based code points.

    Parentheses around an expression and white space around a node are left out, as LibCST's `PositionProvider` has it.
    Raises RecursionError for code that is nested too deeply.
    """
    state = _Counting(module)
    module._codegen(state)
    return "".join(state.tokens), state.spans


class Mapping:
    """From offsets in generated code to offsets in the text that was parsed.

    LibCST drops a form feed, and blanks before it, ahead of a statement, and a carriage return at the end of the file;
    newlines in between it keeps. So each line of the code is the end of the same line of the text.
    """

    def __init__(self, code: str, text: str) -> None:
        self._code = Lines(code)
        self._text = Lines(text)

    def offset(self, offset: int) -> int:
        """The offset in the text; if the two have nothing in common, at least one in the same line."""
        number, column = self._code.line_column(offset)
        if number > len(self._text):
            return self._text.offset(number, 0)
        dropped = len(self._text.line(number)) - len(self._code.line(number))
        return self._text.offset(number, column + max(dropped, 0))
