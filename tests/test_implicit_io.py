"""Small programs, written at random, are linted and run: the linter never speaks of a read that succeeds on some path, and it
hardly ever misses one that fails on every path.

`IMPLICIT_IO_PROGRAMS=100000` runs as many.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

pytest.importorskip("aiosqlite")

from implicit_io.judging import Judge
from implicit_io.running import Runner
from implicit_io.writing import Writer, program

#: the share of programs with a read of a kind that may go unreported, where many steps work together; none may be accused
MISSED = 0.01
PROGRAMS = int(os.environ.get("IMPLICIT_IO_PROGRAMS", "2000"))


@st.composite
def programs(draw: st.DrawFn, sizes: tuple[int, ...], branches: bool) -> Writer:
    return program(lambda options: draw(st.sampled_from(options)), draw(st.sampled_from(sizes)), branches)


def often(share: float) -> settings:
    return settings(
        max_examples=max(1, round(PROGRAMS * share)),
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    runner = Runner()
    yield runner
    runner.close()


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    return Judge(tmp_path_factory.mktemp("program"))


@pytest.mark.parametrize(
    ("share", "sizes", "branches"),
    [
        pytest.param(0.5, (2, 3, 4), False, id="short"),
        pytest.param(0.25, (5, 6, 7, 8), False, id="long"),
        pytest.param(0.25, (3, 4, 5), True, id="branches"),
    ],
)
def test_the_linter_says_what_the_runs_show(
    runner: Runner, judge: Judge, share: float, sizes: tuple[int, ...], branches: bool
) -> None:
    missed: dict[tuple[str, str], str] = {}

    @often(share)
    @given(written=programs(sizes, branches))
    def each(written: Writer) -> None:
        wrong = judge.disagreements(written, runner.run(written))
        told = [f"{one.kind} at `{one.text}` ({one.why}):\n{one.program}" for one in wrong]
        if any(one.kind == "false alarm" for one in wrong):
            raise AssertionError("\n".join(told))
        missed.update({(one.text, one.why): text for one, text in zip(wrong, told, strict=True)})

    each()
    assert len(missed) <= PROGRAMS * share * MISSED, "\n".join(missed.values())
