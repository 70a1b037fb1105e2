"""Bytes to text, text to a tree, and where its nodes stand."""

from __future__ import annotations

import codecs
import dataclasses
import inspect
import subprocess
import sys
from pathlib import Path

import libcst
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from libcst.metadata import MetadataWrapper, PositionProvider

import flake8_async_orm
from flake8_async_orm.source import Source, SourceError
from flake8_async_orm.source.lines import Lines
from flake8_async_orm.source.walk import FIELDS, children, preorder

PACKAGE = Path(flake8_async_orm.__file__).parent
OWN_FILES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.glob("[ps]*/*.py"))

#: Every kind of statement and expression, spaced oddly.
EVERYTHING = '''\
"""Doc."""
from __future__ import (annotations,)
import a.b as c , d
from .. import e as f
from .g import *
@deco . rated( 1 , * args , key = 2 , ** kw )
class A ( B , metaclass = M ) :  # comment
    x : int = 1 ; y : str
    def f ( self , a , / , b : int = 1 , * rest , c , d = 2 , ** kw ) -> int : return self . x

    @ property
    async def g(self, *, k=(1)):
        global h
        nonlocal_ = lambda a , * b : ( a , b )
        async with ( p as q , r ( ) as ( s , t ) ) : await u
        async for ( i ) in j :
            yield  ( i )
            break
        else :
            continue
        return ( await self . g ( k = 1 ) ) [ 0 : 1 , ... , :: 2 ]
def outer():
    n = 1
    def inner():
        nonlocal n
        n += ( 1 )
    yield from inner ( )
    x = yield
if a < b <= c is not d not in e :
    pass
elif ( not - a ) or b and ~c :
    a = b = [ x for x in y if x if z for w in x ]
else :
    assert a , 'm'
    del a [ 0 ] , b . c
try :
    raise E from e
except ( E , F ) as e :
    pass
except :
    ( a := 1 )
else :
    pass
finally :
    while True :
        pass
    else : pass
try:
    pass
except * E as g : pass
for a , * b in c : a @= b ** -c
{ 1 : 2 , ** d } ; { 1 , * s } ; { k : v async for k , v in w } ; { q for q in r } ; ( g for g in h )
f'a{ b !r:>{ c }}d' f"{x = }" 'plain' ; b'' ; 1.5 ; 2j ; a if b else c ; print ( ) ; x [ * a ] ; ( )
match a , b :
    case [ 1 , * rest ] | ( 2 ) :
        pass
    case { 'k' : v , ** more } if v : pass
    case P ( 1 , k = Q ( ) as q ) : pass
    case None | - 1 + 2j | _ : pass
type T [ K , * V , ** P ] = dict [ K , V ]
def generic [ K : int ] ( a : K ) : ...
'''


def spans_by_libcst(source: Source) -> list[tuple[int, int, int, int]]:
    ranges = MetadataWrapper(source.module, unsafe_skip_copy=True).resolve(PositionProvider)
    found = [ranges[node] for node in source.nodes]
    return [(one.start.line, one.start.column, one.end.line, one.end.column) for one in found]


def spans_by_us(source: Source) -> list[tuple[int, int, int, int]]:
    found = [source.span(number) for number in range(len(source.nodes))]
    return [(*source.line_column(start), *source.line_column(end)) for start, end in found]


def text_of(source: Source, kind: type[libcst.CSTNode], index: int = 0) -> str:
    """The text under the index-th node of a kind."""
    numbers = [number for number, node in enumerate(source.nodes) if isinstance(node, kind)]
    return source.text[slice(*source.span(numbers[index]))]


class TestDecoding:
    @pytest.mark.parametrize(
        ("data", "text", "encoding", "bom"),
        [
            (b"", "", "utf-8", False),
            (b"a = 1\r\nb = 2\rc = 3\n", "a = 1\r\nb = 2\rc = 3\n", "utf-8", False),
            (codecs.BOM_UTF8 + b"a = 1\n", "a = 1\n", "utf-8", True),
            (codecs.BOM_UTF8 + b"# coding: utf8\n", "# coding: utf8\n", "utf-8", True),
            (b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", "# -*- coding: latin-1 -*-\nx = 'é'\n", "iso-8859-1", False),
            (b"#!/bin/python\n# vim: set fileencoding=cp1252 :\n'\x80'", None, "cp1252", False),
            (b"\f\n# coding=latin-1\n'\xe9'", None, "iso-8859-1", False),
            (b"#\r# coding=latin-1\r'\xe9'", None, "iso-8859-1", False),
            (b"x = 1\n# coding: latin-1\n", None, "utf-8", False),
            (b"#\n#\n# coding: latin-1\n", None, "utf-8", False),
            (b"x = 1  # coding: latin-1\n", None, "utf-8", False),
            (b"# coding: UTF_8-unix\n", None, "utf-8", False),
        ],
    )
    def test_as_python_does(self, data: bytes, text: str | None, encoding: str, bom: bool) -> None:
        source = Source.from_bytes("a.py", data)
        assert (source.encoding, source.bom) == (encoding, bom)
        assert source.text == (data.decode(encoding) if text is None else text)
        assert source.encode(source.text) == data
        assert source.faithful

    @pytest.mark.parametrize(
        ("data", "reason", "place"),
        [
            (b"a = 1\n# \xc3\xa9 \xff\n", "byte 0xff is not valid in utf-8", (2, 4)),
            (b"x = '\xed\xa0\x80'\n", "byte 0xed is not valid in utf-8", (1, 5)),
            (b"# coding: nonsense\n", "the coding `nonsense` is unknown or no coding of text", (1, 10)),
            (b"#\n#coding:rot13\n", "the coding `rot13` is unknown or no coding of text", (2, 8)),
            (b"# coding: hex\n", "the coding `hex` is unknown or no coding of text", (1, 10)),
            (b"# coding: undefined\n", "the coding `undefined` is unknown or no coding of text", (1, 10)),
            (b"# coding: ascii\n'\xe9'\n", "byte 0xe9 is not valid in ascii", (2, 1)),
            (codecs.BOM_UTF8 + b"# coding: latin-1\n", "contradicts the UTF-8 byte order mark", (1, 10)),
            ("a = 1\n".encode("utf-16"), "the file is in UTF-16, which Python does not read", (1, 0)),
            (codecs.BOM_UTF32_LE + "a".encode("utf-32-le"), "the file is in UTF-32", (1, 0)),
            ("a = 1\n".encode("utf-16-le"), "the file holds a NUL byte", (1, 1)),
            (b"a = 1\r\n# \0\n", "the file holds a NUL byte", (2, 2)),
        ],
    )
    def test_refuses_with_a_reason(self, data: bytes, reason: str, place: tuple[int, int]) -> None:
        source = Source.from_bytes("a.py", data)
        assert isinstance(source.text, str)
        for read in (lambda: source.module, lambda: source.nodes, lambda: source.span(0), lambda: source.encode("")):
            with pytest.raises(SourceError) as caught:
                read()
            assert reason in caught.value.reason
            assert "\n" not in caught.value.reason
            assert (caught.value.line, caught.value.column) == place

    def test_text_from_an_editor_needs_no_cookie(self) -> None:
        source = Source.from_text("a.py", "\ufeff# coding: ascii\nx = 'é'\n")
        assert (source.text, source.bom) == ("# coding: ascii\nx = 'é'\n", True)
        assert source.data == codecs.BOM_UTF8 + source.text.encode()
        assert source.faithful

    def test_lone_surrogates_are_no_text(self) -> None:
        source = Source.from_text("a.py", "x = '\ud800'\n")
        with pytest.raises(SourceError, match="not valid Python"):
            source.module  # noqa: B018

    def test_what_the_coding_has_not_cannot_be_written(self) -> None:
        source = Source.from_bytes("a.py", b"# coding: ascii\n")
        with pytest.raises(SourceError, match="cannot be written in ascii"):
            source.encode("é")

    def test_a_coding_with_several_spellings_is_not_edited(self) -> None:
        source = Source.from_bytes("a.py", b"# coding: utf-7\nx = '+AOk-+AOk-'\n")
        assert "éé" in source.text
        assert not source.faithful


class TestParsing:
    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("x = 1\ny = = 2\n", 2),
            ("x = 1\ny = 'abc\n", 2),
            ("if a:\n    b\n  c\n", 3),
            ("a\rb\rc = = d\r", 3),
            ("\u2028 = 1", 1),
            ("'\u2028'\n\nx = (\n", 3),
            ("print 'x'\n", 1),
            ("x\n\ny\vz\n", 3),
        ],
    )
    def test_a_syntax_error_has_its_line(self, text: str, line: int) -> None:
        with pytest.raises(SourceError) as caught:
            Source.from_text("a.py", text).module  # noqa: B018
        assert caught.value.reason.startswith("the file is not valid Python")
        assert not caught.value.reason.endswith(".")
        assert "\n" not in caught.value.reason
        assert caught.value.line == line

    def test_every_read_raises_anew(self) -> None:
        source = Source.from_text("a.py", "x = (")
        caught = []
        for _ in range(2):
            with pytest.raises(SourceError) as error:
                source.module  # noqa: B018
            caught.append(error.value)
        assert caught[0].args == caught[1].args
        assert caught[0] is not caught[1]

    @pytest.mark.parametrize(
        "text",
        [
            "class A[T = int]: pass\n",
            'x = f"{y["z"]}"\n',
            "type X = int\n",
            # only newer LibCSTs know these
            *(["try: pass\nexcept A, B: pass\n", "t'{a}'\n"] if hasattr(libcst, "TemplatedString") else []),
        ],
    )
    def test_newer_syntax_than_the_running_python(self, text: str) -> None:
        assert Source.from_text("a.py", text).faithful

    def test_a_file_above_the_limit(self) -> None:
        source = Source.from_bytes("a.py", b"x = 1\n" * 100, size_limit=599)
        with pytest.raises(SourceError, match="larger than 599 bytes"):
            source.module  # noqa: B018
        assert Source.from_bytes("a.py", b"x = 1\n" * 100, size_limit=600).nodes

    def test_libcst_is_not_imported_for_text_alone(self) -> None:
        program = (
            "import sys\n"
            "from flake8_async_orm.source import Source\n"
            "assert Source.from_bytes('a.py', b'x = 1').line_column(2) == (1, 2)\n"
            "assert 'libcst' not in sys.modules\n"
        )
        subprocess.run([sys.executable, "-c", program], check=True, timeout=60, cwd=PACKAGE.parent)


class TestWalk:
    def test_every_node_type_is_in_the_table(self) -> None:
        punctuation = ("Paren", "Bracket", "Brace", "Asynchronous")
        kinds = {
            name
            for name, kind in vars(libcst).items()
            if isinstance(kind, type)
            and issubclass(kind, libcst.CSTNode)
            and kind.__module__.endswith((".expression", ".statement", ".module"))
            and not inspect.isabstract(kind)
            and not name.endswith(punctuation)
        }
        assert kinds <= FIELDS.keys()

    def test_every_field_of_the_table_exists(self) -> None:
        wrong = [
            f"{name}.{field}"
            for name, fields in FIELDS.items()
            if hasattr(libcst, name)
            for field in fields.replace("*", "").replace("?", "").split()
            if field not in {one.name for one in dataclasses.fields(getattr(libcst, name))}
        ]
        assert wrong == []

    def test_no_child_with_meaning_is_forgotten(self) -> None:
        module = libcst.parse_module(EVERYTHING)
        reached = {id(node) for node in preorder(module)[0]}
        homes = (libcst.BaseExpression, libcst.BaseStatement, libcst.BaseSmallStatement, libcst.BaseSuite)
        waiting: list[libcst.CSTNode] = [module]
        while waiting:
            node = waiting.pop()
            waiting += node.children
            if isinstance(node, (*homes, libcst.Arg, libcst.Param, libcst.WithItem, libcst.ComparisonTarget)):
                assert id(node) in reached, node

    def test_parents_first_in_source_order(self) -> None:
        source = Source.from_text("a.py", EVERYTHING)
        starts = [source.span(number).start for number in range(len(source.nodes))]
        # a function begins at its `def`, which comes after its decorators
        inside = {
            number
            for number, node in enumerate(source.nodes)
            if isinstance(node, libcst.FunctionDef | libcst.ClassDef) and node.decorators
        }
        kept = [start for number, start in enumerate(starts) if number not in inside]
        assert kept == sorted(kept)

    def test_children_are_in_source_order(self) -> None:
        source = Source.from_text("a.py", "x = [a for b in c if d] + (e if f else g)\n")
        names = [node.value for node in source.nodes if isinstance(node, libcst.Name)]
        assert names == list("xabcdefg")

    def test_a_number_is_an_index(self) -> None:
        source = Source.from_text("a.py", EVERYTHING)
        assert source.nodes[0] is source.module
        assert [source.number(node) for node in source.nodes] == list(range(len(source.nodes)))
        with pytest.raises(KeyError):
            source.number(libcst.Name("x"))

    def test_levels(self) -> None:
        nodes, levels, lowest = preorder(libcst.parse_module("a\nb(c)\nd\n"))
        # module, line, statement, call, argument; a name has nothing below it
        assert levels == 5
        assert isinstance(nodes[lowest], libcst.Arg)

    def test_a_node_type_that_is_not_in_the_table(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from flake8_async_orm.source import walk

        monkeypatch.setattr(walk, "_TABLE", walk._Table())
        monkeypatch.delitem(walk.FIELDS, "Call")
        call = libcst.parse_expression("f ( a , b = (1) )")
        assert [type(child).__name__ for child in children(call)] == ["Name", "Arg", "Arg"]


class TestSpans:
    @pytest.mark.parametrize("name", OWN_FILES)
    def test_as_the_position_provider_on_own_files(self, name: str) -> None:
        source = Source.from_bytes(name, (PACKAGE / name).read_bytes())
        assert source.faithful
        assert spans_by_us(source) == spans_by_libcst(source)

    @pytest.mark.parametrize("newline", ["\n", "\r\n"])
    def test_as_the_position_provider_on_everything(self, newline: str) -> None:
        source = Source.from_text("a.py", EVERYTHING.replace("\n", newline))
        assert source.faithful
        assert spans_by_us(source) == spans_by_libcst(source)

    def test_without_parentheses(self) -> None:
        source = Source.from_text("a.py", "x = ( (await  f( 1 )) ).b  # c\n")
        assert text_of(source, libcst.Await) == "await  f( 1 )"
        assert text_of(source, libcst.Attribute) == "( (await  f( 1 )) ).b"
        assert text_of(source, libcst.Assign) == "x = ( (await  f( 1 )) ).b"

    def test_code_points_behind_other_alphabets(self) -> None:
        source = Source.from_bytes("a.py", codecs.BOM_UTF8 + "x = '😀é' + f(y)\n".encode())
        assert text_of(source, libcst.Call) == "f(y)"
        start = source.span(source.number(next(n for n in source.nodes if isinstance(n, libcst.Call)))).start
        assert source.line_column(start) == (1, 11)
        assert source.utf16_column(start) == 12

    @pytest.mark.parametrize(
        "text",
        [
            "a = 1\n\fb = call(2)\n",
            "\fb = call(2)\n",
            "if a:\n    b\n    \fcall(2)\n",
            "a\n \f \fcall(2)\n",
            "@d\n\fdef f(): call(2)\n",
            "\ufeff\ufeffcall(2)\n",
        ],
    )
    def test_a_dropped_form_feed_moves_nothing(self, text: str) -> None:
        try:
            source = Source.from_text("a.py", text)
            source.module  # noqa: B018
        except SourceError:
            pytest.skip("this LibCST refuses it")
        assert not source.faithful
        assert text_of(source, libcst.Call) == "call(2)"

    @pytest.mark.parametrize(
        "text",
        [
            "a = 1\n\f\nb = call(2)\n",
            "def f():\n    \f\n    call(2)\n",
            "a = 1\rb = call(2)\r",
            "if a:\r  b\r  call(2)\r",
            "a = 1\r\nb = call(2)\rc\n",
            "a = '''\r\n\u2028\n'''\n(call(2))",
        ],
    )
    def test_other_newlines_and_form_feeds_are_faithful(self, text: str) -> None:
        source = Source.from_text("a.py", text)
        assert source.faithful
        assert text_of(source, libcst.Call) == "call(2)"


class TestLines:
    def test_only_python_newlines_end_a_line(self) -> None:
        source = Source.from_text("a.py", "a\r\nb\rc\u2028\x85\x0b\x0c\x1cd\n\ne")
        assert source.lines == ["a", "b", "c\u2028\x85\x0b\x0c\x1cd", "", "e"]
        assert source.line_column(source.text.index("d")) == (3, 6)
        assert source.line_column(len(source.text)) == (5, 1)

    def test_out_of_range_is_the_nearest_end(self) -> None:
        source = Source.from_text("a.py", "ab\ncd\n")
        assert source.offset(0, 5) == 0
        assert source.offset(1, 99) == 2
        assert source.offset(9, 0) == 6
        assert source.line_column(-1) == (1, 0)
        assert source.line_column(99) == (3, 0)

    @given(st.text("ab\r\n\u2028\f😀é", max_size=30))
    @settings(max_examples=60, deadline=None)
    def test_there_and_back(self, text: str) -> None:
        lines = Lines(text)
        assert "".join(lines.all()) == text.replace("\r", "").replace("\n", "")
        for offset in range(len(text) + 1):
            line, column = lines.line_column(offset)
            assert 1 <= line <= len(lines)
            # an offset inside of a `\r\n` belongs to its line, but no column stands for it
            if text[offset - 1 : offset + 1] != "\r\n":
                assert lines.offset(line, column) == offset


@pytest.mark.parametrize("text", [EVERYTHING, *(PACKAGE.joinpath(name).read_text("utf-8") for name in OWN_FILES[:10])])
def test_the_tree_is_the_one_that_libcst_makes(text: str) -> None:
    classes = dict(vars(libcst))
    checked = libcst.CSTNode.__post_init__
    ours = Source.from_text("x.py", text).module
    assert ours.deep_equals(libcst.parse_module(text))
    assert ours.code == text
    assert vars(libcst) == classes
    assert libcst.CSTNode.__post_init__ is checked


def test_what_a_failed_parse_borrowed_is_given_back() -> None:
    classes = dict(vars(libcst))
    with pytest.raises(SourceError):
        _ = Source.from_text("x.py", "def f(:").module
    assert vars(libcst) == classes
    with pytest.raises(libcst.CSTValidationError):
        libcst.Name("")
