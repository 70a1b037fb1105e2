"""A source with what builders ask of it: parents, ranges with parentheses, comments, scopes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache

import libcst as cst

from flake8_async_orm.source import Source, Span
from flake8_async_orm.source.walk import children
from flake8_async_orm.values import Site

_BLANK = " \t\f\r\n\\"
_NEWLINE = "\r\n"
#: by name: an older LibCST has no template strings
_STRINGS = frozenset({"SimpleString", "FormattedString", "TemplatedString"})


class NoSuchNode(Exception):
    """A site that is None, of another file, or of no node."""


class Tree:
    """Questions about the nodes of one source. Offsets are 0-based code points in its text."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text

    @cached_property
    def _parents(self) -> dict[int, cst.CSTNode]:
        return {id(child): node for node in self.source.nodes for child in children(node)}

    def node(self, site: Site | None) -> cst.CSTNode:
        """The node at `site`. Raises NoSuchNode."""
        if site is None or site.path != self.source.path or not 0 <= site.node < len(self.source.nodes):
            raise NoSuchNode(site)
        return self.source.nodes[site.node]

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        return self._parents.get(id(node))

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The parent of `node`, its parent, and so on up to the module."""
        above = self.parent(node)
        while above is not None:
            yield above
            above = self.parent(above)

    def below(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """`node` and all nodes in it, in source order."""
        waiting = [node]
        while waiting:
            here = waiting.pop()
            yield here
            waiting += reversed(children(here))

    def span(self, node: cst.CSTNode) -> Span:
        """Where `node` stands, without the parentheses around it."""
        return self.source.span(self.source.number(node))

    def outer(self, node: cst.CSTNode) -> Span:
        """Where the expression `node` stands with its own parentheses."""
        start, end = self.span(node)
        for _ in range(parentheses(node)):
            start, end = self._opening(start), self._closing(end)
        return Span(start, end)

    def code(self, node: cst.CSTNode) -> str:
        """The text of `node` without the parentheses around it."""
        return self.text[slice(*self.span(node))]

    def _opening(self, position: int) -> int:
        """The offset of the parenthesis that opens ahead of `position`."""
        while True:
            while self.text[position - 1] in _BLANK:
                position -= 1
            comment = _at(self.comments, position - 1)
            if comment is None:
                return position - 1
            position = comment.start

    def _closing(self, position: int) -> int:
        """The offset after the parenthesis that closes behind `position`."""
        while True:
            while self.text[position] in _BLANK:
                position += 1
            if self.text[position] != "#":
                return position + 1
            position = self.line_end(position)

    @cached_property
    def strings(self) -> list[Span]:
        """The string literals (f-strings whole), in source order."""
        found: list[Span] = []
        for node in self.source.nodes:
            if type(node).__name__ in _STRINGS:
                span = self.span(node)
                if not found or span.start >= found[-1].end:
                    found.append(span)
        return found

    @cached_property
    def comments(self) -> list[Span]:
        """The comments, in source order, each to the end of its line."""
        found: list[Span] = []
        position = self.text.find("#")
        while position >= 0:
            string = _at(self.strings, position)
            if string is None:
                end = self.line_end(position)
                found.append(Span(position, end))
            else:
                end = string.end
            position = self.text.find("#", end)
        return found

    def has_comment(self, start: int, end: int) -> bool:
        """Whether a comment begins from `start` to before `end`."""
        return any(start <= comment.start < end for comment in self.comments)

    def in_string(self, offset: int) -> bool:
        """Whether `offset` is inside a string literal, after its first character."""
        string = _at(self.strings, offset)
        return string is not None and string.start < offset

    def string_end(self, offset: int) -> int | None:
        """The end of the string literal that `offset` is in."""
        string = _at(self.strings, offset)
        return string.end if string is not None else None

    def line_start(self, offset: int) -> int:
        while offset > 0 and self.text[offset - 1] not in _NEWLINE:
            offset -= 1
        return offset

    def line_end(self, offset: int) -> int:
        """The end of the line of `offset`, ahead of its newline."""
        while offset < len(self.text) and self.text[offset] not in _NEWLINE:
            offset += 1
        return offset

    def next_line(self, offset: int) -> int:
        """The start of the line after that of `offset`, or the end of the text."""
        end = self.line_end(offset)
        return end + (2 if self.text.startswith("\r\n", end) else 1) if end < len(self.text) else end

    def begins_line(self, offset: int) -> bool:
        """Whether nothing but white space stands ahead of `offset` in its line."""
        return not self.text[self.line_start(offset) : offset].strip()

    def margin(self, offset: int) -> str:
        """The white space at the start of the line of `offset`."""
        start = self.line_start(offset)
        line = self.text[start : self.line_end(offset)]
        return line[: len(line) - len(line.lstrip(" \t\f"))]

    def newline(self, offset: int) -> str:
        """The newline that ends the line of `offset`, or the file's usual one."""
        end = self.line_end(offset)
        return self.text[end : self.next_line(end)] or self.source.module.default_newline

    def function(self, node: cst.CSTNode) -> cst.FunctionDef | None:
        """The function whose body holds `node`."""
        child = node
        for above in self.ancestors(node):
            if isinstance(above, cst.FunctionDef) and child is above.body:
                return above
            child = above
        return None

    def can_await(self, node: cst.CSTNode, becoming: Iterable[cst.FunctionDef] = ()) -> bool:
        """Whether an `await` is allowed in the place of `node` and leaves the kind of what stands around it.

        The functions `becoming` count as asynchronous.

        It is not in a generator expression, which would become asynchronous, nor in nested comprehensions, where only
        Python 3.11 and later allow it.
        """
        path: list[cst.CSTNode] = [node]
        comprehensions = 0
        for above in self.ancestors(node):
            child = path[-1]
            if isinstance(above, cst.FunctionDef) and child is above.body:
                return above.asynchronous is not None or any(above is one for one in becoming)
            if isinstance(above, (cst.Lambda, cst.ClassDef)) and child is above.body:
                return False
            if isinstance(above, cst.BaseComp):
                first = isinstance(child, cst.CompFor) and len(path) > 1 and path[-2] is child.iter
                if not first:
                    comprehensions += 1
                    if isinstance(above, cst.GeneratorExp) or comprehensions > 1:
                        return False
            path.append(above)
        return False

    def line(self, node: cst.CSTNode) -> cst.SimpleStatementLine | None:
        """The simple statement that holds `node`, when it is alone on its line and in a block; else None."""
        for above in (node, *self.ancestors(node)):
            if isinstance(above, cst.SimpleStatementLine):
                return above if len(above.body) == 1 and not isinstance(above.body[0], cst.ClassDef) else None
            if isinstance(above, (cst.BaseCompoundStatement, cst.SimpleStatementSuite)):
                return None
        return None

    def following(self, statement: cst.CSTNode) -> list[cst.CSTNode]:
        """The statements after `statement` in its block."""
        block = self.parent(statement)
        assert isinstance(block, (cst.IndentedBlock, cst.Module))
        rest = list(block.body)
        return list(rest[[part is statement for part in rest].index(True) + 1 :])

    def unit(self, node: cst.CSTNode) -> str:
        """One step of indentation, as the file has it around `node`."""
        for above in self.ancestors(node):
            if isinstance(above, cst.IndentedBlock) and above.indent is not None:
                return above.indent
        return self.source.module.default_indent


@lru_cache(maxsize=2)
def tree_of(source: Source) -> Tree:
    """The tree of `source`; a file's fixes are built one after the other, so that the last ones are kept."""
    return Tree(source)


def parentheses(node: cst.CSTNode) -> int:
    """How many pairs of parentheses are around an expression."""
    return len(node.lpar) if isinstance(node, cst.BaseExpression) else 0


def last_name(node: cst.CSTNode) -> str | None:
    """`c` of `a.b.c` or of `c`."""
    if isinstance(node, cst.Attribute):
        return node.attr.value
    return node.value if isinstance(node, cst.Name) else None


def links(node: cst.CSTNode) -> list[cst.Call]:
    """The calls of a chain `a(..).b(..).c(..)`, the last one first."""
    found: list[cst.Call] = []
    while isinstance(node, (cst.Call, cst.Attribute)):
        if isinstance(node, cst.Call):
            found.append(node)
            node = node.func
        else:
            node = node.value
    return found


def _at(spans: list[Span], offset: int) -> Span | None:
    """The one of sorted disjoint `spans` that holds `offset`."""
    index = bisect_right(spans, offset, key=lambda span: span.start) - 1
    return spans[index] if index >= 0 and offset < spans[index].end else None
