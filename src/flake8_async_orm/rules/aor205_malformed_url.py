"""A database URL does not say what it is meant to say.

Why:
    Some wrong URLs are refused when the engine is made: one without `://`, an empty or wordy port, the old
    `postgres://`, a SQLite file after two slashes. Others are read as something else: after three slashes there
    is no host, so that `postgresql+asyncpg:///user:secret@db/shop` connects to the local machine, without the
    password; and a raw `@` in a password ends it, so that the rest becomes part of the host's name.

Invalid:
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine("postgresql+asyncpg:///shop:secret@db.internal/shop")

Valid:
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine("postgresql+asyncpg://shop:secret@db.internal/shop")

Fix:
    Unsafe: slashes, the scheme or the `@` are mended where the URL is written, when that is in the same file.

Limits:
    The finding stands at the URL that is given to an engine's function or `make_url`, and is followed as AOR204
    does. Where only `make_url` gets it, `postgres://` is not reported: the scheme may be set anew. Other characters in a password (`/`, `#`, `?`, `:`, `%`) are read well and not reported. Dialects that
    SQLAlchemy does not bring have URLs of their own, and are not judged; nor is a setting's default without any
    `:/`, which is a placeholder.

See:
    SQLAlchemy documentation: Engine Configuration, Escaping Special Characters such as @ signs in Passwords,
    https://docs.sqlalchemy.org/en/20/core/engines.html#escaping-special-characters-such-as-signs-in-passwords
"""

from flake8_async_orm.facts import UrlGiven
from flake8_async_orm.knowledge import urls
from flake8_async_orm.rule import Finding, FixRequest, rule


@rule("AOR205", "malformed-url", since="0.1.0")
def check(fact: UrlGiven) -> Finding | None:
    faults = [urls.fault(url, fact.is_async is not False, fact.default) for url in fact.urls]
    first = faults[0] if faults else None
    if first is None or None in faults:
        return None
    if fact.is_async is None and not first.anyway:
        # an engine would refuse it, and what this one is for is not known
        return None
    written = fact.written
    fixes: tuple[FixRequest, ...] = ()
    if written is not None and first.old:
        fixes = (FixRequest("replace_text", "Mend the URL", "unsafe", (written,), (first.old, first.new)),)
    related = ((written, "written here"),) if written is not None and written != fact.site else ()
    return Finding(
        f"{first.what}; write {first.instead}",
        fact.site,
        help="the form is `dialect+driver://user:password@host:port/database`; SQLite has no host, and three slashes",
        related=related,
        fixes=fixes,
    )
