"""The builder that makes plain functions asynchronous together with their callers."""

from __future__ import annotations

import pytest

from fixing import code, fixed

COMMIT = "s.commit()"


def mended(text: str, made: str = COMMIT, rest: tuple[str | None, ...] = ()) -> str | None:
    answer = fixed(text, "make_function_async", (made, *rest))
    assert answer is None or answer[1] == "unsafe"
    return answer[0] if answer is not None else None


def test_callers_are_made_asynchronous_as_far_as_they_go() -> None:
    before = code("""
        def save(s):
            s.add(1)
            s.commit()  # now

        def both(s, again):
            x = [save(s), save(s)] if again else save(s)
            return x

        class Shop:
            def _close(self, s):
                both(s, True)

            def end(self, s):
                if s: self._close(s)

        async def main(s):
            shop = Shop()
            shop.end(s)
            Shop().end(s); save(s)
            return both(s, False)[0]
    """)
    after = code("""
        async def save(s):
            s.add(1)
            await s.commit()  # now

        async def both(s, again):
            x = [await save(s), await save(s)] if again else await save(s)
            return x

        class Shop:
            async def _close(self, s):
                await both(s, True)

            async def end(self, s):
                if s: await self._close(s)

        async def main(s):
            shop = Shop()
            await shop.end(s)
            await Shop().end(s); await save(s)
            return (await both(s, False))[0]
    """)
    assert mended(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def f(s): s.commit()\n", "async def f(s): await s.commit()\n"),
        (
            "def f(s, n):\n    s.commit()\n    if n: f(s, n - 1)\n",
            "async def f(s, n):\n    await s.commit()\n    if n: await f(s, n - 1)\n",
        ),
        (
            "async def g(s):\n\tdef f():\n\t\ts.commit()\n\tf()\n",
            "async def g(s):\n\tasync def f():\n\t\tawait s.commit()\n\tawait f()\n",
        ),
        (
            "def f(s):\r\n    return s.commit().x\r\n\r\nasync def g(s):\r\n    return f(s).y\r\n",
            "async def f(s):\r\n    return (await s.commit()).x\r\n\r\nasync def g(s):\r\n    return (await f(s)).y\r\n",
        ),
        # those who awaited what it returned go on doing so
        (
            "def f(s):\n    return s.commit()\n\nasync def g(s):\n    await f(s)\n",
            "async def f(s):\n    return await s.commit()\n\nasync def g(s):\n    await f(s)\n",
        ),
        (
            "class A(Generic[T]):\n    def f(self, s) -> int:\n        s.commit()\n",
            "class A(Generic[T]):\n    async def f(self, s) -> int:\n        await s.commit()\n",
        ),
    ],
)
def test_shapes(before: str, after: str) -> None:
    assert mended(before) == after


def test_an_await_around_the_chain_and_a_name() -> None:
    text = "def f(s):\n    x = s.commit()\n    return x.y\n\nasync def g(s):\n    f(s)\n"
    assert mended(text, COMMIT, (None, "x")) == (
        "async def f(s):\n    x = await s.commit()\n    return x.y\n\nasync def g(s):\n    await f(s)\n"
    )


PLAIN = "def f(s):\n    s.commit()\n\n"
METHOD = "class A:\n    def f(self, s):\n        s.commit()\n\n"


@pytest.mark.parametrize(
    "text",
    [
        # no function, or one that is asynchronous but for a lambda
        "s.commit()\n",
        "async def f(s):\n    return lambda: s.commit()\n",
        "def f(s):\n    return lambda: s.commit()\n",
        "def f(s):\n    return (s.commit() for _ in s)\n",
        # it is more than a plain function
        "@cached\n" + PLAIN,
        "def f(s):\n    s.commit()\n    yield 1\n",
        "def f(s):\n    x = yield\n    s.commit()\n",
        "def test_f(s):\n    s.commit()\n",
        "def f(s) -> Awaitable[None]:\n    s.commit()\n",
        "class A:\n    def __exit__(self, s):\n        s.commit()\n",
        "class A:\n    def __init__(self, s):\n        s.commit()\n",
        "class A:\n    @property\n    def f(self):\n        s.commit()\n",
        "class A(Base):\n    def f(self, s):\n        s.commit()\n",
        METHOD + "class B(A):\n    pass\n",
        # it is named without being called
        PLAIN + "x = f\n",
        PLAIN + "async def g(s):\n    await s.run_sync(f)\n",
        PLAIN + "async def g(s):\n    g(key=f)\n",
        METHOD + "    def g(self):\n        return self.f\n",
        # a caller that cannot await
        PLAIN + "f(1)\n",
        PLAIN + "if __name__ == '__main__':\n    f(1)\n",
        PLAIN + "class B:\n    x = f(1)\n",
        PLAIN + "async def g(s):\n    return lambda: f(s)\n",
        PLAIN + "async def g(s):\n    return (f(i) for i in s)\n",
        PLAIN + "def g(s):\n    f(s)\n    yield\n",
        PLAIN + "def g(s):\n    f(s)\n\ng(1)\n",
        PLAIN + "@route\ndef g(s):\n    f(s)\n",
        PLAIN + "def g(s=f(1)):\n    pass\n",
        PLAIN + "class B:\n    def __init__(self, s):\n        f(s)\n",
        # a caller that awaits what it gives now
        PLAIN + "async def g(s):\n    await f(s)\n",
        # nobody knows whose it is
        METHOD + "async def g(a):\n    a.f(1)\n",
        METHOD + "async def g(a):\n    a = A()\n    a = a.b\n    a.f(1)\n",
        METHOD + "class B:\n    async def g(self, s):\n        self.f(s)\n",
        PLAIN + "def f(s, t):\n    pass\n",
        PLAIN + "def g(f, s):\n    f(s)\n",
        "if 1:\n    def f(s):\n        s.commit()\nelse:\n    f = print\n",
    ],
)
def test_refused(text: str) -> None:
    assert mended(text) is None
