"""An async engine is given a driver that blocks, or a sync engine one that has to be awaited.

Why:
    The driver comes from the scheme of the URL, or is the dialect's default where the scheme names none.
    `create_async_engine` refuses a driver without asyncio (InvalidRequestError; ModuleNotFoundError where it is
    not installed), and `create_engine` takes an async driver without a word: the first connection then fails
    with MissingGreenlet. An async session that is bound to a sync engine is refused when it is made, by its factory
    too (ArgumentError).

Invalid:
    from sqlalchemy.ext.asyncio import create_async_engine

    DATABASE_URL = "sqlite:///./app.db"

    engine = create_async_engine(DATABASE_URL)

Valid:
    from sqlalchemy.ext.asyncio import create_async_engine

    DATABASE_URL = "sqlite+aiosqlite:///./app.db"

    engine = create_async_engine(DATABASE_URL)

Fix:
    Unsafe: the scheme is changed where it is written, when that is in the same file. The driver has to be
    installed. A URL that several places read is only suggested to be changed: the others may need it as it is. So is
    `create_async_engine` for a sync engine that a session is bound to, unless it has a name that nothing else in the file
    mentions.

Limits:
    The finding stands at the URL that is given to the function. The URL is followed through constants, f-strings
    whose beginning is known, settings' defaults, the environment's defaults, `URL.create` and `make_url`, across
    modules; what is read from elsewhere is not judged, nor a driver that SQLAlchemy does not bring. What
    `postgresql://` and `oracle://` mean depends on SQLAlchemy's version: reported is what holds in all that are
    asked about. A sync engine is not judged in a file that makes an `AsyncEngine(...)`.

See:
    SQLAlchemy documentation: Asynchronous I/O (asyncio), create_async_engine,
    https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html#sqlalchemy.ext.asyncio.create_async_engine
    and Engine Configuration, Database URLs,
    https://docs.sqlalchemy.org/en/20/core/engines.html#database-urls
"""

from flake8_async_orm.facts import SyncBindGiven, UrlGiven
from flake8_async_orm.knowledge import urls
from flake8_async_orm.rule import Finding, FixRequest, Safety, rule


@rule("AOR204", "sync-driver", since="0.1.0")
def check(fact: UrlGiven | SyncBindGiven) -> Finding | None:
    if isinstance(fact, SyncBindGiven):
        return _bound(fact)
    wrong = "sync" if fact.is_async else "async"
    if fact.is_async is None or not fact.settled or not fact.urls or not fact.versions:
        return None
    if any(urls.kind(url, version) != wrong for url in fact.urls for version in fact.versions):
        return None
    if all(urls.fault(url, fact.is_async, fact.default) for url in fact.urls):
        # it is no URL yet
        return None
    url = fact.urls[0]
    scheme = urls.scheme(url) or ""
    drivers = " or ".join(sorted({urls.driver(url, version) for version in fact.versions}))
    wanted = urls.scheme_for(url, fact.is_async)
    named = "the default names" if fact.default else "this is"
    if fact.is_async:
        message = f"`{fact.function}` needs an async driver, and {named} `{drivers}`; write `{wanted}://`"
        help_ = f"`{scheme}://` means a driver that blocks; install the async one beside it"
    else:
        message = f"`{fact.function}` needs a sync driver, and {named} `{drivers}`; write `{wanted}://`"
        help_ = "or make the engine with `create_async_engine`, and use it with `async with` and `await`"
    written = fact.written
    fixes: tuple[FixRequest, ...] = ()
    if written is not None:
        words = (f"{scheme}://", f"{wanted}://", "mine")
        fixes = (FixRequest("replace_text", f"Write `{wanted}://`", "unsafe", (written,), words),)
    related = ((written, "written here"),) if written is not None and written != fact.site else ()
    return Finding(message, fact.site, help=help_, related=related, fixes=fixes)


def _bound(fact: SyncBindGiven) -> Finding:
    instead = "make it with `create_async_engine`"
    if fact.reached_by:
        instead = f"write the async object itself, without `{fact.reached_by}`"
    elif fact.cls == "Connection":
        instead = "write an `AsyncConnection`, of an engine by `create_async_engine`"
    fixes: tuple[FixRequest, ...] = ()
    if fact.maker is not None:
        words = ("sqlalchemy.ext.asyncio", "create_async_engine")
        grade: Safety = "suggestion" if fact.others else "unsafe"
        fixes = (FixRequest("put_name", "Make it an async engine", grade, (fact.maker,), words),)
    return Finding(
        f"`{fact.function}` needs an `AsyncEngine`, and this is a sync `{fact.cls}`; {instead}",
        fact.site,
        help="the session is refused when it is made: ArgumentError, `AsyncEngine expected`",
        related=((fact.made, "made here"),) if fact.made is not None else (),
        fixes=fixes,
    )
