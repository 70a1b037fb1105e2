"""Many files in one run, one after the other or in several processes; the answer is the same."""

from __future__ import annotations

import gc
import hashlib
import multiprocessing
import os
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import replace

from flake8_async_orm.consulted import Consulted
from flake8_async_orm.diagnostics import Diagnostic
from flake8_async_orm.discovery import shown
from flake8_async_orm.linting import findings, fixing, known, silencing
from flake8_async_orm.linting.outcomes import Crash, Job, Outcome, Task
from flake8_async_orm.project import Workspace
from flake8_async_orm.source import Source

__all__ = ["Crash", "Job", "Outcome", "Task", "Worker", "run"]

#: fewer files than this for each process are not worth its start
FILES_PER_PROCESS = 40


def run(
    jobs: Sequence[Job], task: Task, processes: int = 0, consulted: Consulted | None = None
) -> Iterator[Outcome]:
    """The outcomes in the order of the jobs. Nothing is written. `processes` 0: as many as pay.

    `consulted` takes down what was asked of the disk; it is whole when the last outcome has come.
    """
    count = processes or min(os.cpu_count() or 1, len(jobs) // FILES_PER_PROCESS)
    if count <= 1 or len(jobs) <= 1:
        yield from _here(jobs, task, consulted)
        return
    yield from _in_processes(jobs, task, min(count, len(jobs)), consulted)


def _here(jobs: Sequence[Job], task: Task, consulted: Consulted | None) -> Iterator[Outcome]:
    # trees are many objects without a circle: an eighth of the time would go into looking for one
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield from map(Worker(task, consulted).outcome, jobs)
    finally:
        if collecting:
            gc.enable()


def _in_processes(
    jobs: Sequence[Job], task: Task, count: int, consulted: Consulted | None
) -> Iterator[Outcome]:
    from concurrent.futures import ProcessPoolExecutor

    # neighbours share imports: each process gets runs of files, small enough that no process is left alone at the end
    size = max(1, min(FILES_PER_PROCESS, len(jobs) // (count * 4)))
    chunks = [jobs[start : start + size] for start in range(0, len(jobs), size)]
    pool = ProcessPoolExecutor(count, initializer=_start, initargs=(task, consulted is not None))
    try:
        for outcomes, answers in pool.map(_outcomes, chunks):
            if consulted is not None:
                for question, answer in answers.items():
                    consulted.note(question, answer)
            yield from outcomes
    except BaseException:
        # waiting for what nobody wants any more would hold an interrupt up
        for process in multiprocessing.active_children():
            process.terminate()
        raise
    finally:
        # left alone, the pool's thread closes its pipe while the end of the interpreter writes to it
        pool.shutdown(cancel_futures=True)


_worker: list[Worker] = []


def _start(task: Task, recorded: bool) -> None:
    import signal

    # the parent answers to an interrupt, and ends its processes
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    gc.disable()
    _worker[:] = [Worker(task, Consulted() if recorded else None)]


def _outcomes(jobs: Sequence[Job]) -> tuple[list[Outcome], dict[str, str]]:
    """The outcomes, and what was asked of the disk that was not asked for earlier ones."""
    (worker,) = _worker
    before = dict(worker.consulted.answers) if worker.consulted is not None else {}
    outcomes = [worker.outcome(job) for job in jobs]
    answers = worker.consulted.answers if worker.consulted is not None else {}
    return outcomes, {question: answer for question, answer in answers.items() if before.get(question) != answer}


class Worker:
    """Lints files one by one and remembers their projects."""

    def __init__(self, task: Task, consulted: Consulted | None = None) -> None:
        self.consulted = consulted
        self._task = task
        self._workspaces: dict[int, Workspace] = {}

    def outcome(self, job: Job) -> Outcome:
        """What comes of one file. Never raises but for an interrupt."""
        path = shown(job.path)
        try:
            workspace = self._workspace(job)
            try:
                source = self._source(workspace, job)
            except OSError as error:
                return _displayed(Outcome(path, _unreadable(job, self._task, error)))
            try:
                return _displayed(self._linted(workspace, job, source))
            finally:
                workspace.make_room()
        except Exception as error:  # noqa: BLE001 (a defect of ours must not cost the other files)
            return Outcome(path, crash=_crash(error))

    def _workspace(self, job: Job) -> Workspace:
        if job.config not in self._workspaces:
            self._workspaces[job.config] = Workspace(self._task.configs[job.config], self.consulted)
        return self._workspaces[job.config]

    def _source(self, workspace: Workspace, job: Job) -> Source:
        """The file's source, the same object that the project has of it. Raises OSError."""
        absolute = os.path.abspath(job.path)
        if job.data is not None:
            return Source.from_bytes(absolute, job.data)
        source = workspace.source_at(absolute)
        if source is None:
            with open(absolute, "rb") as file:
                source = Source.from_bytes(absolute, file.read())
        return source

    def _linted(self, workspace: Workspace, job: Job, source: Source) -> Outcome:
        config = self._task.configs[job.config]
        project = workspace.project_for(source.path)
        path = shown(job.path)
        if self._task.silence is not None:
            fixed, verb = silencing.silence(source, project, config, self._task.silence), "silenced"
        elif self._task.fix:
            fixed, verb = fixing.fix(source, project, config, self._task.unsafe), "fixed"
        else:
            new, old = findings.examine(source, project, config)
            return Outcome(path, tuple(new), known=tuple(old))
        notes = [*fixed.withheld, *([] if fixed.refused is None else [f"not {verb}: {fixed.refused}"])]
        outcome = Outcome(path, fixed.remaining, notes=tuple(f"{path}: {note}" for note in notes), known=fixed.known)
        if not fixed.applied:
            return outcome
        return replace(
            outcome,
            before=source.data,
            after=fixed.data,
            text_before=source.text,
            text_after=fixed.text,
            applied=fixed.applied,
        )


def _unreadable(job: Job, task: Task, error: OSError) -> tuple[Diagnostic, ...]:
    path = os.path.abspath(job.path)
    config = task.configs[job.config]
    diagnostic = findings.unreadable(path, error.strerror or str(error), config)
    wanted = config.enabled(diagnostic.code) and not config.ignored_in(path, diagnostic.code)
    return tuple(known.divided([diagnostic], config)[0]) if wanted else ()


def _displayed(outcome: Outcome) -> Outcome:
    """The outcome with paths as they are shown."""

    def shown_here(one: Diagnostic) -> Diagnostic:
        related = tuple(replace(other, path=shown(other.path)) for other in one.related)
        return replace(one, path=outcome.path, related=related)

    return replace(
        outcome,
        diagnostics=tuple(map(shown_here, outcome.diagnostics)),
        known=tuple(map(shown_here, outcome.known)),
    )


def _crash(error: Exception) -> Crash:
    frames = traceback.extract_tb(error.__traceback__)
    trail = [f"{os.path.basename(frame.filename)}:{frame.name}" for frame in frames[-6:]]
    reference = hashlib.sha256("|".join([type(error).__name__, *trail]).encode()).hexdigest()[:8]
    last = str(error).strip().splitlines()[:1]
    reason = type(error).__name__ + "".join(f": {line}" for line in last)
    return Crash(reference, reason, "".join(traceback.format_exception(error)))
