"""Questions that are answered once, and what becomes of those that come back to themselves.

Functions call one another in circles. A circle (a strongly connected component of questions) is found while it is walked for the first
time; what was learnt on that walk depends on where it began and is thrown away. From then on a member of the circle that asks
another member is answered `cyclic` at once, so that every member's answer depends on its own body and on what lies outside the circle,
and not on who asked first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from typing import TypeVar

T = TypeVar("T")

#: questions inside one another: deeper ones are answered `cyclic`
DEPTH = 48
_UNANSWERED = object()
#: questions of one family (calls of one function) that may be open at once
OPEN = 2


class Memo:
    """Remembers answers by key."""

    def __init__(self) -> None:
        self._answers: dict[Hashable, object] = {}
        self._circle: dict[Hashable, Hashable] = {}
        self._stack: list[Hashable] = []
        self._level: dict[Hashable, int] = {}
        self._low: list[int] = []
        self._found: list[list[Hashable]] = []
        self._families: Counter[Hashable] = Counter()
        self._cut: list[bool] = []

    def once(self, key: Hashable, compute: Callable[[], T], cyclic: T, family: Hashable = None) -> T:
        """`compute()`, remembered under `key`; `cyclic` where the question is asked on the way to its own answer."""
        answer = self._answers.get(key, _UNANSWERED)
        if answer is not _UNANSWERED:
            return answer  # type: ignore[return-value]
        if self._circle:
            circle = self._circle.get(key)
            if circle is not None and self._stack and self._circle.get(self._stack[-1]) == circle:
                return cyclic
        if key in self._level:
            self._close(self._level[key])
            return cyclic
        if family is not None and self._families[family] >= OPEN:
            self._close(self._first_open(family))
            return cyclic
        if len(self._stack) >= DEPTH:
            self._cut = [True] * len(self._cut)
            return cyclic
        return self._ask(key, compute, family)

    def _first_open(self, family: Hashable) -> int:
        return next(level for level, key in enumerate(self._stack) if getattr(key, "function", None) == family)

    def _close(self, level: int) -> None:
        """A circle has been closed that begins at `level` of the stack."""
        for index in range(level, len(self._low)):
            self._low[index] = min(self._low[index], level)

    def _ask(self, key: Hashable, compute: Callable[[], T], family: Hashable) -> T:
        level = len(self._stack)
        answer, low, found, cut = self._walk(key, compute, family)
        if low < level:
            # inside a circle whose head is still open
            self._answers[key] = answer
            self._found[-1].extend([*found, key])
            return answer
        if low == level:
            members = [*found, key]
            for member in members:
                self._answers.pop(member, None)
                self._circle[member] = key
            answer, _, again, cut = self._walk(key, compute, family)
            for member in again:
                self._answers.pop(member, None)
        if not cut or level == 0:
            self._answers[key] = answer
        return answer

    def _walk(self, key: Hashable, compute: Callable[[], T], family: Hashable) -> tuple[T, int, list[Hashable], bool]:
        level = len(self._stack)
        self._stack.append(key)
        self._level[key] = level
        self._low.append(level + 1)
        self._found.append([])
        self._cut.append(False)
        self._families[family] += 1
        try:
            answer = compute()
        finally:
            self._stack.pop()
            del self._level[key]
            low = self._low.pop()
            found = self._found.pop()
            cut = self._cut.pop()
            self._families[family] -= 1
        return answer, low, found, cut
