"""Code that would kill the parser, or keep it busy for long, is refused; whatever people write is not."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flake8_async_orm.source import Source, SourceError, guard
from flake8_async_orm.source.parse import DEPTH_LIMIT
from flake8_async_orm.source.scan import CHAIN_LIMIT, NESTING, NESTING_LIMIT, scan
from flake8_async_orm.source.trial import survives

#: A name, what is written again and again, what stands in the middle, what closes each; and the line around it all.
NESTED = {
    "parentheses": ("(", "1", ")", "{}"),
    "list": ("[", "1", "]", "{}"),
    "dict": ("{1:", "1", "}", "{}"),
    "dict-star": ("{**", "a", "}", "{}"),
    "list-star": ("[*", "a", "]", "{}"),
    "calls": ("f(", "1", ")", "{}"),
    "keywords": ("f(a=", "1", ")", "x = {}"),
    "subscripts": ("a[", "1", "]", "{}"),
    "annotation": ("a[", "int", "]", "x: {}"),
    "walrus": ("(a:=", "1", ")", "{}"),
    "yield": ("(yield ", "1", ")", "def f(): x = {}"),
    "await": ("(await ", "a", ")", "async def f(): {}"),
    "conditional": ("(a if ", "b", " else c)", "{}"),
    "comprehension": ("[a for a in ", "b", "]", "{}"),
    "generator": ("(", "a", " for a in b)", "{}"),
    "lambda-default": ("lambda x=(", "1", "):1", "{}"),
    "del": ("(", "a", ")", "del {}"),
    "with": ("(", "a", ")", "with {}: pass"),
    "match-subject": ("(", "1", ")", "match {}:\n case 1: pass"),
    "pattern-list": ("[", "1", "]", "match a:\n case {}: pass"),
    "pattern-dict": ("{1:", "1", "}", "match a:\n case {}: pass"),
    "pattern-class": ("A(", "1", ")", "match a:\n case {}: pass"),
    "unclosed": ("(", "", "", "{}"),
    "unclosed-mix": ("([{", "", "", "{}"),
    "unclosed-del": ("(((", "1", ")))", "del {}"),
    "format": ("{a:", "", "}", "f'{}'"),
    "field": ("(", "1", ")", "f'{ {} }'"),
    "strings-in-fields": ("f'{", "1", "}'", "{}"),
    "other-strings-in-fields": ("f'{(\"", "1", "\")}'", "{}"),
    "unclosed-fields": ("f'{", "", "", "{}"),
    "template": ("t'{(", "1", ")}'", "{}"),
    "closed-in-strings": ("f(')',", "1", ")", "{}"),
    "closed-in-f-strings": ("f(f')',", "1", ")", "{}"),
    "closed-in-braces": ("f(f'}}{{{1}',", "1", ")", "{}"),
    "closed-in-comments": ("(  # )\n", "1", ")", "{}"),
    "closed-in-raw-strings": ("f(r'\\')', ", "1", ")", "{}"),
    "closed-in-long-strings": ('f("""\n")""", ', "1", ")", "{}"),
    "closed-behind-broken-strings": ("(' \\\n)',", "1", ")", "{}"),
}
CHAINS = {
    "sum": ("a+", "a"),
    "power": ("a**", "a"),
    "and": ("a and ", "a"),
    "or-and": ("a or a and ", "a"),
    "not": ("not ", "a"),
    "minus": ("-", "a"),
    "conditional": ("a if b else ", "c"),
    "lambda": ("lambda: ", "1"),
    "lambda-parameter": ("lambda x=1: ", "1"),
    "comparison": ("a < ", "a"),
    "is-not": ("a is not ", "a"),
    "continued": ("a + \\\n", "a"),
    "f-strings": ("f'a' ", "f'a'"),
    "bits": ("a|", "a"),
}
#: What the parser has no trouble with.
HARMLESS_CHAINS = {"strings": ("'a' ", "'a'")}
TRAILERS = {
    "attributes": ".b",
    "calls": "()",
    "methods": ".b()",
    "subscripts": "[0]",
    "comprehension": " for a in b",
}


def nested(name: str, depth: int) -> str:
    opening, middle, closing, line = NESTED[name]
    return line.replace("{}", opening * depth + middle + closing * depth) + "\n"


def no_trial(text: str, processor_seconds: int = 0) -> bool:
    raise AssertionError(f"a trial for {text[:60]!r}")


class Trials(list[str]):
    """Stands in for `survives`: notes the texts and lets none survive."""

    def __call__(self, text: str) -> bool:
        self.append(text)
        return False


def refused(text: str) -> str | None:
    """The reason for which there is no tree, or None."""
    try:
        Source.from_text("a.py", text).span(0)
    except SourceError as error:
        assert "\n" not in error.reason
        return error.reason
    return None


class TestNesting:
    @pytest.mark.parametrize("name", NESTED)
    @pytest.mark.parametrize("depth", [NESTING_LIMIT + 1, 1500, 20000])
    def test_too_deep_is_refused_before_the_parse(self, name: str, depth: int, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("libcst.parse_module", no_trial)
        monkeypatch.setattr(guard, "survives", lambda text: False)
        reason = refused(nested(name, depth))
        assert reason is not None
        assert not reason.startswith("the file is not valid")

    @pytest.mark.parametrize("name", [name for name in NESTED if not name.startswith("closed-behind")])
    def test_odd_depth_gets_a_trial(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        tried = Trials()
        monkeypatch.setattr(guard, "survives", tried)
        text = nested(name, 40)
        reason = refused(text)
        if reason != f"more than {NESTING_LIMIT} brackets are open at once":
            assert tried == [text]
            assert reason == "the code is too intricate to be parsed in reasonable time"

    @pytest.mark.parametrize("name", NESTED)
    def test_what_people_write_gets_none(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(guard, "survives", no_trial)
        refused(nested(name, 3))

    def test_the_limit_itself(self) -> None:
        assert scan("(" * NESTING_LIMIT + ")" * NESTING_LIMIT).refused is None
        assert scan("(" * (NESTING_LIMIT + 1)).refused == ("more than 100 brackets are open at once", NESTING_LIMIT)
        assert scan("()[]{}" * 300 + "(" * NESTING + ")" * NESTING).doubtful is None
        assert scan("a\nb\n" + "(" * (NESTING + 1)).doubtful == 4

    def test_the_place_is_told(self) -> None:
        with pytest.raises(SourceError) as caught:
            Source.from_text("a.py", "x = 1\r\r\n# ((\ny = " + "(" * 101 + ")" * 101).module  # noqa: B018
        assert (caught.value.line, caught.value.column) == (4, 104)

    def test_brackets_in_strings_and_comments_do_not_count(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(guard, "survives", no_trial)
        text = "a = '" + "(" * 300 + "'  # " + "[" * 300 + '\nb = """' + "{\n" * 300 + '"""\n' + "c = f'{{" * 1 + "'\n"
        assert refused(text) is None
        assert refused('a = f"{b["' + "(" * 300 + '"]}"\n') is None

    @pytest.mark.parametrize("string", [b"f'{x['a']}'", b'f"}}{x["a"]}"', b"rf'{x['a']}'", b"F'{" + b"(" * 20 + b"}'"])
    def test_code_in_strings_is_looked_at_exactly(self, string: bytes) -> None:
        with pytest.raises(guard._DoubtfulError):
            guard._without_strings(b"a = " + string)

    def test_plain_f_strings_are_not(self) -> None:
        assert guard._without_strings(b"a(f'{{{b[0]}}}', f'''{c}''', '{') # (") == b"a(f, f, ) "

    def test_many_indents(self) -> None:
        text = "".join(" " * level + "if a:\n" for level in range(99))
        assert refused(text + " " * 99 + "pass\n") is None
        text = "".join(" " * level + "if a:\n" for level in range(101))
        assert refused(text + " " * 101 + "pass\n") is not None


class TestChains:
    @pytest.mark.parametrize("name", CHAINS | HARMLESS_CHAINS)
    def test_long_ones_are_analysed(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(guard, "survives", no_trial)
        link, last = (CHAINS | HARMLESS_CHAINS)[name]
        assert refused(f"x = ({link * 100 + last})\n") is None

    @pytest.mark.parametrize("name", TRAILERS)
    def test_long_trailers_are_analysed(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(guard, "survives", no_trial)
        assert refused(f"x = (a{TRAILERS[name] * 60})\n") is None

    @pytest.mark.parametrize("count", [4 * CHAIN_LIMIT, 20 * CHAIN_LIMIT])
    @pytest.mark.parametrize("name", CHAINS)
    def test_too_long_ones_are_refused_before_the_parse(
        self, name: str, count: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("libcst.parse_module", no_trial)
        link, last = CHAINS[name]
        assert refused(link * count + last) is not None

    @pytest.mark.parametrize("count", [1000, 10_000, 100_000])
    def test_too_many_strings_are_refused(self, count: int) -> None:
        assert refused("'a' " * count) is not None

    @pytest.mark.parametrize("name", TRAILERS)
    def test_too_long_trailers_are_refused_before_the_parse(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("libcst.parse_module", no_trial)
        assert refused(f"[a{TRAILERS[name] * 4 * CHAIN_LIMIT}]\n") is not None

    def test_a_tree_that_is_too_deep_to_be_walked(self) -> None:
        before = "# c\nimport a\n\n# d\n"
        with pytest.raises(SourceError, match=f"no more than {DEPTH_LIMIT} are analysed") as caught:
            Source.from_text("a.py", before + "x = " + "-" * 400 + "a\ny = 1\n").module  # noqa: B018
        assert caught.value.line == 5

    @pytest.mark.parametrize("count", [110, 120, 230, 240, 248])
    @pytest.mark.parametrize("name", CHAINS | HARMLESS_CHAINS)
    def test_what_may_be_walked_can_be_written_again(self, name: str, count: int) -> None:
        link, last = (CHAINS | HARMLESS_CHAINS)[name]
        reason = refused(f"({link * count + last})\n")
        assert reason is None or reason.endswith(f"no more than {DEPTH_LIMIT} are analysed")

    @pytest.mark.parametrize("name", ["calls", "subscripts", "walrus", "conditional", "comprehension", "dict"])
    def test_what_may_be_walked_can_be_written_again_if_nested(
        self, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(guard, "survives", lambda text: True)
        for depth in (58, 80):
            reason = refused(nested(name, depth))
            assert reason is None or reason.endswith(f"no more than {DEPTH_LIMIT} are analysed")

    def test_a_long_table_is_no_chain(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(guard, "survives", no_trial)
        assert refused("x = [\n" + "    (a.b, f(-1), 'c'),\n" * 300 + "]\n") is None

    def test_a_comma_ends_a_chain(self) -> None:
        found = scan("f(" + "a.b(1) + 2,\n" * 3000 + ")")
        assert (found.refused, found.doubtful) == (None, None)

    def test_elif_branches(self, monkeypatch: pytest.MonkeyPatch) -> None:
        chain = "if a: pass\n" + "elif a: pass\n" * 200
        assert refused(chain) is None
        monkeypatch.setattr(guard, "survives", lambda text: False)
        assert refused(chain + "elif a: pass\n" * 2000) is not None

    def test_many_statements_that_are_nearly_too_long(self, monkeypatch: pytest.MonkeyPatch) -> None:
        tried = Trials()
        monkeypatch.setattr(guard, "survives", tried)
        guilty = ("a" + "()" * 450 + "\n") * 40
        assert refused(guilty) == "the code is too intricate to be parsed in reasonable time"
        assert tried == [guilty]

    def test_many_patterns_that_are_nearly_too_deep(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(guard, "survives", lambda text: False)
        text = "match a:\n" + "  case {1: {1: {1: {1: {1: {}}}}}}: pass\n" * 1000
        assert refused(text) == "the code is too intricate to be parsed in reasonable time"

    def test_too_much_code(self) -> None:
        assert refused("a,b;" * 110_000) == "the file holds too much code"
        assert refused("'" + "a,b;" * 110_000 + "'") is None


class TestTime:
    @pytest.mark.parametrize(
        "text",
        [
            "'" + "\\'" * 300_000,
            "'''" + "\\'" * 300_000,
            "'''" + "''\\" * 200_000,
            "'" * 600_001,
            '"""' * 100_001,
            "\\" * 500_000,
            "\\\n" * 300_000,
            "f'" + "{{" * 200_000,
            "f'{" * 100_000,
            "f'''{a:'" * 50_000,
            "#" * 600_000,
            " " * 600_000,
            "\f" * 600_000,
            "1" * 600_000,
            "é" * 200_000,
            "rb" * 200_000 + "'",
            ")" * 190_000,
            "case " * 100_000,
            "case\n" * 100_000,
            "\r" * 300_000,
        ],
        ids=lambda text: ascii(text[:12]),
    )
    def test_the_look_is_quick(self, text: str) -> None:
        start = time.process_time()
        with contextlib.suppress(SourceError, guard._DoubtfulError):
            guard._is_clear(text.encode())
        scan(text)
        # a few tenths of a second; what is quadratic would take minutes
        assert time.process_time() - start < 8


class TestTrial:
    def test_what_comes_back(self) -> None:
        assert survives("x = 1\n")
        assert survives("x = (\n")
        assert survives("x = '\ud800'")

    def test_what_dies(self) -> None:
        # a main thread would survive this, but not every thread
        assert not survives("(" * 500 + ")" * 500)
        assert not survives("(" * 5000 + ")" * 5000)

    def test_what_does_not_end(self) -> None:
        assert not survives("match a:\n case " + "{1:" * 30 + "1" + "}" * 30 + ": pass\n", processor_seconds=0)

    def test_without_a_python_to_start(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.executable", "")
        assert not survives("x = 1\n")
        monkeypatch.setattr("sys.executable", "/nonexistent/python")
        assert not survives("x = 1\n")

    def test_a_folder_of_the_linted_project_is_not_run(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "libcst").mkdir()
        (tmp_path / "libcst" / "__init__.py").write_text("raise SystemExit(1)")
        monkeypatch.chdir(tmp_path)
        monkeypatch.syspath_prepend(str(tmp_path))
        assert survives("x = 1\n")


PIECES = [
    "'('",
    '"[["',
    "f'{(a)}'",
    "f'{{'",
    "f'{a:{b}}'",
    "# (\n",
    "a",
    "'''\n{'''",
    "()",
    "[{}]",
    "r'\\('",
    "f'{\"{\"}'",
]


@given(st.lists(st.sampled_from(PIECES), max_size=6), st.integers(1, 12))
@settings(max_examples=80, deadline=None)
def test_the_looks_agree(pieces: list[str], depth: int) -> None:
    """Brackets around it all are counted by both looks, whatever stands in strings and comments between them."""
    text = "(" * depth + "\n,".join(pieces) + "\n" + ")" * depth + "\n"
    try:
        clear = guard._is_clear(text.encode())
    except guard._DoubtfulError:
        clear = False
    found = scan(text)
    assert found.refused is None
    if depth > NESTING:
        assert not clear
        assert found.doubtful == 0
    elif depth + 3 <= NESTING:
        # no piece is nested deeper than three
        assert found.doubtful is None
