"""A result is used as if it were its row or its rows.

Why:
    `await session.execute(q)` gives a result, from which rows are yet to be taken: `first()`, `all()`, `scalars()` and
    so on. It has no length, no items and none of the columns: a TypeError or an AttributeError. `if result:` is silently
    true, whether there are rows or not. And its rows can be taken once: after `all()` or a loop there are none left
    (an empty list, None), after `first()`, `one()` or `scalar()` it is closed, and asking again raises
    ResourceClosedError. So does asking for the rows of an `insert()`, `update()` or `delete()` without `returning()`.

Invalid:
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession


    async def count(session: AsyncSession) -> int:
        result = await session.execute(text("select name from users"))
        return len(result)

Valid:
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession


    async def count(session: AsyncSession) -> int:
        result = await session.execute(text("select name from users"))
        return len(result.all())

Fix:
    Safe where one call mends it: `.all()` for `len()`, slices and the items of scalar results, `.one()` or
    `.scalar_one()` for an attribute that the row or its entity has. Unsafe for tests of truth and `result[0]`: the first
    row is kept instead of the result, if all that is done with the name suits a row. None for rows taken twice: keep
    what `all()` gives.

Limits:
    The finding stands at the use. What a result has itself (`rowcount`, `lastrowid`, `keys()`) is right, and
    `fetchone()`, `fetchmany()` and `partitions()` may be repeated. Rows taken twice are known of results that are made
    in the same function or handed to it, on every path that leads there. Results of which it is not known on all paths
    that they are one, or that may be None, are not judged. An ORM update or delete whose criteria are more than
    comparisons of attributes may be given a RETURNING by SQLAlchemy itself, and is left alone.

See:
    SQLAlchemy documentation: Result,
    https://docs.sqlalchemy.org/en/20/core/connections.html#sqlalchemy.engine.Result
"""

from flake8_async_orm.facts import ResultUsed
from flake8_async_orm.knowledge import behaviour
from flake8_async_orm.rule import Finding, FixRequest, rule

#: how the use reads
_USES = {
    "subscript": "has no items; write `.all()` or `.first()` ahead of it",
    "slice": "has no items; write `.all()` ahead of it",
    "length": "has no length; write `.all()` after it",
    "truth": "is always true, with rows or without; write `.first()` or `.all()` after it",
}


def _fixes(fact: ResultUsed) -> tuple[FixRequest, ...]:
    if fact.cls.startswith("Async"):
        return ()
    keep = FixRequest("first_where_made", "Keep the first row instead", "unsafe", (fact.result,))
    if fact.use == "truth" or (fact.use == "attribute" and not fact.column and not fact.entity):
        return (keep,) if fact.use == "truth" else ()
    word = "all"
    if fact.use == "attribute":
        word = "scalar_one" if fact.entity and not fact.scalar else "one"
    sure = fact.use != "subscript" or fact.scalar
    call = FixRequest("insert_call", f"Call `{word}()`", "safe" if sure else "unsafe", (fact.result,), (word,))
    return (call,) if sure else (keep, call)


@rule("AOR211", "result-as-row", since="0.1.0")
def check(fact: ResultUsed) -> Finding | None:
    if fact.use == "again":
        last = "a loop" if fact.ended == "iteration" else f"`{fact.ended}()`"
        closed = fact.ended in behaviour.CLOSING
        earlier = "in the loop's first turn" if fact.turn else f"by {last}"
        return Finding(
            f"`{fact.cls}` has given all its rows {earlier}; make a list of them with `.all()` and use it twice",
            fact.site,
            help=f"after {last} " + ("it is closed: ResourceClosedError" if closed else "there are no rows left"),
            related=((fact.ended_at, "its rows were taken here"),) if fact.ended_at and not fact.turn else (),
        )
    if fact.use == "rowless":
        article = "a" if fact.ended == "delete" else "an"
        return Finding(
            f"{article} `{fact.ended}` without `returning()` has no rows; write `.returning(...)` behind the statement",
            fact.site,
            help="it has `rowcount` and `inserted_primary_key`; asking for rows raises ResourceClosedError",
            related=((fact.made, "the statement ran here"),) if fact.made is not None else (),
        )
    if fact.use == "attribute":
        instead = "`.scalar_one()` or `.scalars()`" if fact.entity and not fact.scalar else "`.one()` or `.first()`"
        text = f"has no attribute `{fact.detail}`; write {instead} ahead of it"
    else:
        text = _USES[fact.use]
    return Finding(
        f"`{fact.cls}` {text}",
        fact.site,
        help="it is the result, not its rows: those are yet to be taken from it",
        related=((fact.made, "the result was made here"),) if fact.made is not None else (),
        fixes=_fixes(fact),
    )
