"""A plain string is executed as SQL.

Why:
    Since SQLAlchemy 2.0 sessions and connections execute statements, not strings: a session raises ArgumentError
    ("should be explicitly declared as text(...)"), a connection ObjectNotExecutableError. The connections of an async
    engine refuse strings in 1.4 too. A string that is put together from values (an f-string, `%`, `format()`) moreover
    lets whoever chooses the values write SQL.

Invalid:
    from sqlalchemy.ext.asyncio import AsyncSession


    async def is_alive(session: AsyncSession) -> bool:
        return await session.scalar("select 1") == 1

Valid:
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession


    async def is_alive(session: AsyncSession) -> bool:
        return await session.scalar(text("select 1")) == 1

Fix:
    Safe: the literal, or the name that holds one, is put into `text(...)`, which is imported where it is not yet. None
    for strings that are put together: their values belong into bound parameters (`text("... :name")`, `{"name": name}`).
    None either for the placeholders of a driver (`?`, `%s`, `$1`), which `text()` does not know.

Limits:
    The finding stands at the string. Where 1.4 is a target nothing is said of sessions and sync connections, which take
    strings there with a deprecation warning. `exec_driver_sql` takes strings. Silent where it is not known that the
    argument is a string, such as a parameter.

See:
    SQLAlchemy documentation: text(),
    https://docs.sqlalchemy.org/en/20/core/sqlelement.html#sqlalchemy.sql.expression.text
"""

import re

from flake8_async_orm.facts import PlainSqlExecuted
from flake8_async_orm.rule import Finding, FixRequest, rule

#: the parameters of drivers, as they are written in strings that go to them as they are
_PLACEHOLDERS = re.compile(r"%s|%\(\w+\)s|\?|\$\d")


@rule("AOR210", "raw-sql-string", since="0.1.0")
def check(fact: PlainSqlExecuted) -> Finding | None:
    refused = "ObjectNotExecutableError" if fact.connection else "ArgumentError"
    if fact.content is None:
        return Finding(
            f"`{fact.callee}()` is given a string that was put together; write `text(...)` with bound parameters",
            fact.site,
            help=f"a string raises {refused}; values put into SQL text invite injection: `text(\"... = :name\"), "
            '{"name": name}`',
        )
    if _PLACEHOLDERS.search(fact.content):
        return Finding(
            f"`{fact.callee}()` is given a plain string; write `text(...)` with `:name` parameters",
            fact.site,
            help=f"a string raises {refused}; for the driver's own placeholders there is "
            "`connection.exec_driver_sql(...)`",
        )
    return Finding(
        f"`{fact.callee}()` is given a plain string; write `text(...)` around it",
        fact.site,
        help=f"only statements are executed: a string raises {refused}",
        fixes=(FixRequest("wrap_call", "Put it into `text(...)`", "safe", (fact.site,), ("sqlalchemy", "text")),),
    )
