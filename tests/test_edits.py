"""Which fixes go together, and what the text is after them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flake8_async_orm.edits import Edit, Fix, apply, replace


def fix(title: str, *edits: Edit) -> Fix:
    return Fix(title, edits, "safe")


class TestApply:
    def test_sorted_whatever_the_order(self) -> None:
        one, two = fix("one", Edit(0, 1, "X")), fix("two", Edit(4, 5, ""))
        assert apply("abcdef", [two, one]) == ("Xbcdf", [one, two])

    def test_touching_is_overlapping(self) -> None:
        one, two, three = fix("one", Edit(0, 2, "X")), fix("two", Edit(2, 3, "Y")), fix("three", Edit(3, 4, "Z"))
        assert apply("abcd", [one, two, three]) == ("XcZ", [one, three])

    def test_two_insertions_at_one_place(self) -> None:
        one, two = fix("one", Edit(1, 1, "X")), fix("two", Edit(1, 1, "Y"))
        assert apply("ab", [one, two]) == ("aXb", [one])

    def test_a_fix_is_atomic(self) -> None:
        wide = fix("wide", Edit(0, 1, "("), Edit(5, 6, ")"))
        narrow = fix("narrow", Edit(1, 2, "-"), Edit(3, 4, "-"))
        assert apply("abcdef", [narrow, wide]) == ("(bcde)", [wide])

    def test_equal_edits_are_made_once_where_they_may(self) -> None:
        imported = Edit(0, 0, "import x\n", mergeable=True)
        one, two = fix("one", imported, Edit(2, 3, "x")), fix("two", Edit(5, 6, "y"), imported)
        assert apply("a b c d", [one, two]) == ("import x\na x cyd", [one, two])

    def test_equal_edits_exclude_each_other_else(self) -> None:
        one, two = fix("one", Edit(0, 1, "x")), fix("two", Edit(0, 1, "x"))
        assert apply("a", [one, two]) == ("x", [one])

    def test_another_import_at_the_same_place_waits(self) -> None:
        one = fix("one", Edit(0, 0, "import x\n", mergeable=True))
        two = fix("two", Edit(0, 0, "import y\n", mergeable=True))
        assert apply("a", [one, two])[1] == [one]

    def test_insertions_of_one_fix_keep_their_order(self) -> None:
        assert apply("ab", [fix("both", Edit(1, 1, "("), Edit(1, 1, "x"), Edit(1, 2, ")"))])[0] == "a(x)"

    def test_other_files_are_left_alone(self) -> None:
        both = fix("both", Edit(0, 1, "x"), Edit(0, 1, "x", path="other.py"))
        assert apply("a", [both]) == ("a", [])

    def test_an_edit_past_the_end(self) -> None:
        with pytest.raises(ValueError, match="ends at 3"):
            apply("ab", [fix("far", Edit(1, 3, ""))])


class TestRefused:
    @pytest.mark.parametrize(("start", "end"), [(-1, 0), (2, 1)])
    def test_no_range(self, start: int, end: int) -> None:
        with pytest.raises(ValueError, match="no range"):
            Edit(start, end, "")

    def test_no_edit(self) -> None:
        with pytest.raises(ValueError, match="has no edit"):
            Fix("none", (), "safe")

    def test_overlap_inside_of_a_fix(self) -> None:
        with pytest.raises(ValueError, match="overlap"):
            fix("torn", Edit(2, 4, ""), Edit(0, 3, ""))
        fix("two files", Edit(2, 4, ""), Edit(0, 3, "", path="other.py"))


TEXT = "abcdefghij"


@st.composite
def a_fix(draw: st.DrawFn) -> Fix:
    cuts = sorted(draw(st.lists(st.integers(0, len(TEXT)), min_size=2, max_size=4, unique=True)))
    cuts = cuts[: len(cuts) // 2 * 2]
    edits = [
        Edit(start, end, draw(st.sampled_from(["", "X", "YZ"])))
        for start, end in zip(cuts[::2], cuts[1::2], strict=True)
    ]
    return Fix("fix", tuple(edits), "safe")


FIXES = st.lists(a_fix(), max_size=6)


class TestProperties:
    @given(FIXES)
    @settings(max_examples=60, deadline=None)
    def test_the_order_given_does_not_matter(self, fixes: list[Fix]) -> None:
        text, applied = apply(TEXT, fixes)
        # fixes with the same ranges are taken in the order given: their ranges are what can be told
        ranges = [[(edit.start, edit.end) for edit in one.edits] for one in applied]
        again = apply(TEXT, fixes[::-1])[1]
        assert ranges == [[(edit.start, edit.end) for edit in one.edits] for one in again]
        assert text == replace(TEXT, [edit for one in applied for edit in one.edits])

    @given(FIXES)
    @settings(max_examples=60, deadline=None)
    def test_what_is_left_alone_stays(self, fixes: list[Fix]) -> None:
        text, applied = apply(TEXT, fixes)
        edits = [edit for one in applied for edit in one.edits]
        changed = {offset for edit in edits for offset in range(edit.start, edit.end)}
        kept = [letter for offset, letter in enumerate(TEXT) if offset not in changed]
        assert [letter for letter in text if letter in TEXT] == kept
        assert len(text) == len(kept) + sum(len(edit.text) for edit in edits)

    @given(FIXES)
    @settings(max_examples=60, deadline=None)
    def test_none_is_left_out_without_need(self, fixes: list[Fix]) -> None:
        applied = apply(TEXT, fixes)[1]
        taken = [edit for one in applied for edit in one.edits]
        for one in fixes:
            if one not in applied:
                assert any(a.start <= b.end and b.start <= a.end for a in one.edits for b in taken)
        if fixes:
            assert applied
