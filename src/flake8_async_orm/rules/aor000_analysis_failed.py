"""A file could not be analysed.

Why:
    The file is no Python that can be read: a syntax error, an encoding that does not fit its bytes, or nesting
    so deep that no parser should be trusted with it. Nothing else is said about such a file, so that its
    silence must not be taken for praise.

Invalid:
    from sqlalchemy.ext.asyncio import AsyncSession


    async def save(session: AsyncSession) -> None:
        await session.commit(

Valid:
    from sqlalchemy.ext.asyncio import AsyncSession


    async def save(session: AsyncSession) -> None:
        await session.commit()

Fix:
    None. Mend the file, or exclude it if it is not meant to be Python (a template, a test of a parser).

Limits:
    Files are read as the newest Python that the installed LibCST knows; syntax of an older or newer Python may
    be refused. A file is reported once, at its first error.

See:
    Python documentation: Lexical analysis, Encoding declarations,
    https://docs.python.org/3/reference/lexical_analysis.html#encoding-declarations
"""

from flake8_async_orm.facts import AnalysisFailed
from flake8_async_orm.rule import Finding, rule


@rule("AOR000", "analysis-failed", since="0.1.0")
def check(fact: AnalysisFailed) -> Finding | None:
    """The place is the fact's own line and column: a file without a tree has no sites."""
    return Finding(
        f"could not analyse this file ({fact.reason}); mend it or exclude it",
        fact.site,
        help="nothing else was looked for in this file",
    )
