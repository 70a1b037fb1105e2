"""A session's provider is decorated with what its framework does not take.

Why:
    FastAPI's `Depends` wants the plain generator function, and makes a context manager of it itself. Of one decorated with
    `asynccontextmanager` it injects the context manager in place of the session (AttributeError at the first use), or, in
    versions that look behind decorators, fails to iterate over it (TypeError): every request ends with status 500.

    pytest-asyncio in its usual, strict mode leaves alone what is decorated with `pytest.fixture`. Of an async generator
    the test gets the generator object in place of the session (AttributeError), or pytest refuses to run it.

Invalid:
    from collections.abc import AsyncIterator
    from contextlib import asynccontextmanager

    from fastapi import Depends, FastAPI
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

    app = FastAPI()
    engine = create_async_engine("sqlite+aiosqlite://")


    @asynccontextmanager
    async def get_session() -> AsyncIterator[AsyncSession]:
        async with AsyncSession(engine) as session:
            yield session


    @app.post("/visits")
    async def visit(session: AsyncSession = Depends(get_session)) -> None:
        await session.commit()

Valid:
    from collections.abc import AsyncIterator
    from contextlib import asynccontextmanager

    from fastapi import Depends, FastAPI
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

    app = FastAPI()
    engine = create_async_engine("sqlite+aiosqlite://")


    async def get_session() -> AsyncIterator[AsyncSession]:
        async with AsyncSession(engine) as session:
            yield session


    @app.post("/visits")
    async def visit(session: AsyncSession = Depends(get_session)) -> None:
        await session.commit()

Fix:
    Unsafe: `asynccontextmanager` is taken away, where the function stands in the same file and nothing there calls it;
    `pytest.fixture` becomes `pytest_asyncio.fixture`, where the fixture stands in the same file.

Limits:
    The finding stands at what `Depends` is given; of a fixture, at the first use in a test. Dependency systems other than
    FastAPI's are known only where they call their marker `Depends` or `Security`. A fixture counts where it is used by a test
    marked with `pytest.mark.asyncio`, or by a fixture of pytest-asyncio's own, and no file around them speaks of anyio,
    of `asyncio_mode`, of other such plugins, or of a pytest-asyncio before 0.19; what is said on pytest's command line is
    not seen.

See:
    FastAPI documentation: Dependencies with yield, https://fastapi.tiangolo.com/tutorial/dependencies/dependencies-with-yield/
    pytest-asyncio documentation: Strict mode, https://pytest-asyncio.readthedocs.io/en/stable/concepts.html#strict-mode
"""

from flake8_async_orm.facts import ProviderUsed
from flake8_async_orm.rule import Finding, FixRequest, rule, short_name


@rule("AOR310", "context-manager-dependency", since="0.1.0")
def check(fact: ProviderUsed) -> Finding | None:
    if fact.how == "fixture":
        return _fixture(fact)
    if fact.how != "context-manager":
        return None
    name = short_name(fact.provider)
    fixes: tuple[FixRequest, ...] = ()
    related = ((fact.function, "decorated here"),) if fact.function is not None else ()
    if fact.function is not None and fact.function.path == fact.site.path:
        words = ("asynccontextmanager", "contextmanager")
        fixes = (FixRequest("drop_decorator", f"Take the decorator of `{name}` away", "unsafe", (fact.function,), words),)
    return Finding(
        f"`{name}` gives a context manager, which `Depends` does not enter; write a plain generator function for it",
        fact.site,
        help=f"keep both: `{name}` undecorated for `Depends`, and `asynccontextmanager({name})` under a name of its own",
        related=related,
        fixes=fixes,
    )


def _fixture(fact: ProviderUsed) -> Finding:
    name = short_name(fact.provider)
    fixes: tuple[FixRequest, ...] = ()
    if fact.function is not None and fact.function.path == fact.site.path:
        words = ("fixture", "pytest_asyncio", "fixture")
        fixes = (FixRequest("change_decorator", f"Make `{name}` a fixture of pytest-asyncio's", "unsafe", (fact.function,), words),)
    return Finding(
        f"the fixture `{name}` is an async generator that nobody iterates over; write `@pytest_asyncio.fixture` for it",
        fact.site,
        help="or set `asyncio_mode = \"auto\"` in pytest's settings: its usual mode leaves fixtures of `pytest.fixture` alone",
        related=((fact.function, "the fixture"),) if fact.function is not None else (),
        fixes=fixes,
    )
