"""One file: its text, its tree, and where the nodes of the tree stand. Each part is made when it is first asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from flake8_async_orm.source.decoding import Decoded, decode, decode_roughly, encode
from flake8_async_orm.source.errors import SourceError
from flake8_async_orm.source.lines import Lines
from flake8_async_orm.source.walk import children

if TYPE_CHECKING:
    from libcst import CSTNode, Module


#: The largest file that is parsed, in bytes of UTF-8.
SIZE_LIMIT = 1_000_000


class Span(NamedTuple):
    """From `start` to before `end`, 0-based code points in a file's text."""

    start: int
    end: int


class Source:
    """The text of one file and what follows from it.

    `text` is without a byte order mark and keeps its newlines byte for byte. A file that cannot be decoded has a rough
    text, so that the error can be shown, and raises its SourceError when its tree is asked for.
    """

    def __init__(self, path: str, data: bytes, decoded: Decoded, error: SourceError | None, size_limit: int) -> None:
        self.path = path
        self.data = data
        self.text, self.encoding, self.bom = decoded
        self._undecoded = error
        self._error = error
        self._size_limit = size_limit

    @classmethod
    def from_bytes(cls, path: str, data: bytes, size_limit: int = SIZE_LIMIT) -> Source:
        """The source of a file that holds `data`. Never raises. Files of more than `size_limit` bytes have no tree."""
        try:
            return cls(path, data, decode(data), None, size_limit)
        except SourceError as error:
            return cls(path, data, Decoded(decode_roughly(data), "utf-8", False), error, size_limit)

    @classmethod
    def from_text(cls, path: str, text: str, size_limit: int = SIZE_LIMIT) -> Source:
        """The source of a file that holds `text` in UTF-8, whatever its coding cookie says. Never raises."""
        bom = text.startswith("\ufeff")
        data = text.encode("utf-8", "surrogatepass")
        return cls(path, data, Decoded(text.removeprefix("\ufeff"), "utf-8", bom), None, size_limit)

    @cached_property
    def _parsed(self) -> tuple[Module, list[CSTNode]]:
        if self._error is not None:
            raise SourceError(*self._error.args)
        from flake8_async_orm.source.parse import parse

        try:
            return parse(self.text, self._size_limit)
        except SourceError as error:
            self._error = SourceError(*error.args)
            raise

    @property
    def has_tree(self) -> bool:
        """Whether the tree has been made, and takes up memory."""
        return "_parsed" in self.__dict__

    @property
    def module(self) -> Module:
        """The tree. Raises SourceError if the file cannot be decoded or parsed, or is not fit to be."""
        return self._parsed[0]

    @property
    def nodes(self) -> list[CSTNode]:
        """Every semantic node, parents first, in source order: a node's number is its index. Raises SourceError."""
        return self._parsed[1]

    @cached_property
    def numbers(self) -> dict[int, int]:
        """The number of every node of the tree, by the node's identity. Raises SourceError if there is no tree."""
        return dict(zip(map(id, self.nodes), range(len(self.nodes)), strict=True))

    @cached_property
    def kinds(self) -> list[type[CSTNode]]:
        """The type of every node, by its number. Raises SourceError if there is no tree."""
        return [*map(type, self.nodes)]

    def last_below(self, number: int) -> int:
        """The number of the last node below the node `number`; its own if there is none. Raises SourceError."""
        last = self.nodes[number]
        while below := children(last):
            last = below[-1]
        return self.numbers[id(last)]

    def number(self, node: CSTNode) -> int:
        """The number of a node of this tree. Raises KeyError for any other node, SourceError if there is no tree."""
        return self.numbers[id(node)]

    @cached_property
    def _placed(self) -> tuple[list[Span], bool]:
        from flake8_async_orm.source.spans import Mapping, generate

        try:
            code, found = generate(self.module)
        except RecursionError:
            raise SourceError("the code is nested too deeply") from None
        spans = [Span(*found.get(id(node), (0, 0))) for node in self.nodes]
        # LibCST takes a last newline that is a lone carriage return for no newline: nothing moves
        if code == self.text or code + "\r" == self.text:
            return spans, self._round_trips()
        place = Mapping(code, self.text).offset
        return [Span(place(start), place(end)) for start, end in spans], False

    def _round_trips(self) -> bool:
        """Whether the text gives back the bytes: not in every coding is there one way to write a character."""
        try:
            return self.encode(self.text) == self.data
        except SourceError:
            return False

    @property
    def faithful(self) -> bool:
        """Whether the tree gives back the file exactly. If not, nothing may be edited. Raises SourceError."""
        return self._placed[1]

    def span(self, number: int) -> Span:
        """Where a node stands, without the parentheses around it. Raises SourceError if there is no tree."""
        return self._placed[0][number]

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self.text)

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their newlines; a text that ends with a newline has an empty last line."""
        return self._lines.all()

    def line_column(self, offset: int) -> tuple[int, int]:
        """The 1-based line and the 0-based column in code points of an offset."""
        return self._lines.line_column(offset)

    def offset(self, line: int, column: int) -> int:
        """The offset of a 1-based line and a 0-based column in code points."""
        return self._lines.offset(line, column)

    def utf16_column(self, offset: int) -> int:
        """The 0-based column of an offset in UTF-16 code units."""
        return self._lines.utf16_column(offset)

    def encode(self, text: str) -> bytes:
        """The bytes of this file with `text` in place of its own. Raises SourceError if its coding cannot hold it."""
        if self._undecoded is not None:
            raise SourceError(*self._undecoded.args)
        return encode(text, self.encoding, self.bom)
