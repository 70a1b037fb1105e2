"""Runs scenarios in a worker process, and judges what came of them by their oracles."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from harness.markers import Expected, Oracle, Scenario

#: seconds that one scenario may take, and the start of a worker
LIMIT = 10.0
START_LIMIT = 120.0
TESTS = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Line:
    """A line of a program: `file` relative to the program's root, `number` 1-based."""

    file: str
    number: int


@dataclass(frozen=True)
class Dropped:
    """A coroutine that was never awaited, and the program's lines that led to its making."""

    name: str
    lines: tuple[Line, ...] = ()
    driver: bool = False


@dataclass(frozen=True)
class Outcome:
    """What was seen of a scenario. `failure`: it could not be run to an end, and why."""

    names: tuple[str, ...] = ()
    text: str = ""
    last: str = ""
    lines: tuple[Line, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    leaked: int = 0
    failure: str = ""


@dataclass
class Worker:
    """A worker process that is started when it is first needed, and again after it was killed."""

    limit: float = LIMIT
    sqlalchemy: str = ""
    exceptions: frozenset[str] = frozenset()
    starts: int = 0
    process: subprocess.Popen[str] | None = None
    answers: queue.Queue[str | None] = field(default_factory=queue.Queue)
    errors: IO[bytes] | None = None
    folder: tempfile.TemporaryDirectory[str] | None = None

    def start(self) -> None:
        if self.process is not None:
            return
        self.starts += 1
        self.answers = queue.Queue()
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115  closed with the process
        self.folder = tempfile.TemporaryDirectory()
        environment = {**os.environ, "PYTHONPATH": str(TESTS), "PYTHONDONTWRITEBYTECODE": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "harness.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env=environment,
            cwd=self.folder.name,
            text=True,
            encoding="utf-8",
        )
        assert self.process.stdout is not None
        threading.Thread(target=pump, args=(self.process.stdout, self.answers), daemon=True).start()
        hello = self.receive(START_LIMIT)
        if isinstance(hello, str):
            raise RuntimeError(f"the worker did not start: {hello}")
        self.sqlalchemy = hello["sqlalchemy"]
        self.exceptions = frozenset(hello["exceptions"])

    def receive(self, limit: float) -> dict[str, Any] | str:
        """The next answer, or a sentence about why there is none; then the process is gone."""
        try:
            line = self.answers.get(timeout=limit)
        except queue.Empty:
            self.close()
            return f"it took longer than the time limit of {limit:g} s"
        if line is None:
            assert self.errors is not None
            self.errors.seek(0)
            tail = self.errors.read().decode(errors="replace")[-2000:]
            status = self.process.wait() if self.process is not None else None
            self.close()
            return f"the worker died with {status}: {tail.strip()}"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def run(self, root: Path, main: str, scenario: Scenario) -> Outcome:
        """Run one scenario of the program whose main file is `main` below `root`."""
        self.start()
        assert self.process is not None and self.process.stdin is not None
        request = {"root": str(root), "main": main, "scenario": scenario.name, "parameters": scenario.parameters}
        with contextlib.suppress(OSError):  # then it died, and `receive` says so
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        answer = self.receive(self.limit)
        return Outcome(failure=answer) if isinstance(answer, str) else outcome_of(answer)

    def close(self) -> None:
        """End the process at once."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            for pipe in (self.process.stdin, self.process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError, ValueError):
                        pipe.close()
        if self.errors is not None:
            self.errors.close()
        if self.folder is not None:
            self.folder.cleanup()
        self.process = self.errors = self.folder = None


def pump(pipe: IO[str], answers: queue.Queue[str | None]) -> None:
    with contextlib.suppress(OSError, ValueError):
        for line in pipe:
            answers.put(line)
    answers.put(None)


def lines_of(rows: list[list[Any]]) -> tuple[Line, ...]:
    return tuple(Line(file, number) for file, number in rows)


def outcome_of(answer: dict[str, Any]) -> Outcome:
    raised = answer["raised"] or {"names": [], "text": "", "last": "", "lines": []}
    dropped = tuple(Dropped(one["name"], lines_of(one["lines"]), one["driver"]) for one in answer["dropped"])
    failure = f"it failed at {answer['stage']}:\n{raised['last']}" if answer["stage"] != "scenario" else ""
    names = tuple(raised["names"])
    return Outcome(names, raised["text"], raised["last"], lines_of(raised["lines"]), dropped, answer["leaked"], failure)


Marks = list[tuple[str, Expected]]


def judge(
    scenario: Scenario, oracle: Oracle, outcome: Outcome, marks: Marks, known: frozenset[str] | None = None
) -> list[str]:
    """What speaks against `oracle` in what was seen. `marks`: the findings promised, with the files they are in."""
    if known is not None and oracle.kind == "raises" and oracle.name not in known:
        return [f"unknown oracle: no exception is called {oracle.name}"]
    if outcome.failure:
        return [outcome.failure]
    complaint, evidence = JUDGES[oracle.kind](oracle, outcome)
    if complaint:
        return [complaint]
    if evidence is None or scenario.elsewhere:
        return []
    marked = {Line(file, number) for file, mark in marks for number in range(mark.line, mark.end_line + 1)}
    if marked & set(evidence):
        return []
    passed = ", ".join(f"{line.file}:{line.number}" for line in evidence) or "no line of the program"
    return [f"it came about through {passed}, where nothing is marked"]


#: a complaint or nothing, and the lines of which one must be marked (None: no line is known)
Verdict = tuple[str, "tuple[Line, ...] | None"]


def judge_ok(oracle: Oracle, outcome: Outcome) -> Verdict:
    left = sorted(one.name for one in outcome.dropped if not one.driver)
    if outcome.names:
        return f"it should be ok, but raised {outcome.names[0]}: {outcome.text}\n{outcome.last}", None
    if left:
        return f"it should be ok, but never awaited {', '.join(left)}", None
    if outcome.leaked:
        return "it should be ok, but leaked a connection", None
    return "", None


def judge_raises(oracle: Oracle, outcome: Outcome) -> Verdict:
    validation = any(name.endswith("ValidationError") for name in outcome.names)
    if oracle.name in outcome.names or (validation and oracle.name in outcome.text):
        return "", outcome.lines
    return f"it should raise {oracle.name}, but {seen(outcome)}", None


def judge_dropped(oracle: Oracle, outcome: Outcome) -> Verdict:
    if outcome.names:
        return f"it should run to its end and drop {oracle.name}, but {seen(outcome)}", None
    found = [one for one in outcome.dropped if one.name == oracle.name]
    if not found:
        others = ", ".join(sorted(one.name for one in outcome.dropped)) or "nothing"
        return f"it should leave {oracle.name} never awaited, but left {others}", None
    return "", tuple(line for one in found for line in one.lines)


def judge_leaked(oracle: Oracle, outcome: Outcome) -> Verdict:
    if outcome.names:
        return f"it should run to its end and leak a connection, but {seen(outcome)}", None
    return ("" if outcome.leaked else "it should leak a connection, but every one was given back"), None


def seen(outcome: Outcome) -> str:
    return f"raised {outcome.names[0]}: {outcome.text}\n{outcome.last}" if outcome.names else "it raised nothing"


JUDGES = {"ok": judge_ok, "raises": judge_raises, "never awaited": judge_dropped, "leaked connection": judge_leaked}


def judge_compiling(text: str, oracle: Oracle) -> list[str]:
    """The runtime side of a file that is not meant to compile."""
    try:
        compile(text, "<fixture>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        names = {cls.__name__ for cls in type(error).__mro__}
        return [] if oracle.name in names else [f"compiling it raised {error!r}"]
    return [f"it should not compile ({oracle.name}), but does"]
