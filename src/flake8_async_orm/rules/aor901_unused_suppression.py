"""A comment silences findings that are not there.

Why:
    The code was mended, or the comment stands on the wrong line, or its code is misspelt. A comment that silences
    nothing today hides the finding that somebody will write tomorrow.

Invalid:
    from sqlalchemy.ext.asyncio import AsyncSession


    async def save(session: AsyncSession) -> None:
        await session.commit()  # noqa: AOR101

Valid:
    from sqlalchemy.ext.asyncio import AsyncSession


    async def save(session: AsyncSession) -> None:
        await session.commit()

Fix:
    What silences nothing is removed; other codes in the comment, a reason and other comments stay. This is safe.

Limits:
    Only codes of this linter are looked at, so that a bare `# noqa` is never reported. A code that is switched off
    for the file is left alone, as nobody can know what it would find. What stands in a string is left alone too.

See:
    https://flake8.pycqa.org/en/latest/user/violations.html
"""

from flake8_async_orm.facts import CommentSilencedNothing
from flake8_async_orm.rule import Finding, rule


@rule("AOR901", "unused-suppression", since="0.1.0", default=False)
def check(fact: CommentSilencedNothing) -> Finding | None:
    """The place is the comment's own: a comment has no site."""
    listed = ", ".join(f"`{item}`" for item in fact.items)
    verb, pronoun = ("silence", "them") if len(fact.items) > 1 else ("silences", "it")
    return Finding(
        f"{listed} {verb} nothing here; drop {pronoun} from the comment",
        fact.site,
        help=fact.unknown or "it would hide a finding that comes here one day",
    )
