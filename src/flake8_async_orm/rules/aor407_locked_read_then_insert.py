"""A row is inserted where a locking read has found none.

Why:
    `with_for_update()` locks the rows that it finds; where it finds none there is nothing to lock, in PostgreSQL, or a gap
    that others may lock as well, in MySQL. Two writers then insert the same row: one of them gets an IntegrityError, or is
    chosen as the victim of a deadlock.

Invalid:
    from sqlalchemy import select
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


    class Base(DeclarativeBase):
        pass


    class Counter(Base):
        __tablename__ = "counters"
        name: Mapped[str] = mapped_column(primary_key=True)
        hits: Mapped[int] = mapped_column(default=0)


    async def hit(session: AsyncSession, name: str) -> None:
        counter = await session.scalar(select(Counter).where(Counter.name == name).with_for_update())
        if counter is None:
            counter = Counter(name=name, hits=0)
            session.add(counter)
        counter.hits += 1
        await session.commit()

Valid:
    from sqlalchemy import select
    from sqlalchemy.dialects.postgresql import insert
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


    class Base(DeclarativeBase):
        pass


    class Counter(Base):
        __tablename__ = "counters"
        name: Mapped[str] = mapped_column(primary_key=True)
        hits: Mapped[int] = mapped_column(default=0)


    async def hit(session: AsyncSession, name: str) -> None:
        await session.execute(insert(Counter).values(name=name, hits=0).on_conflict_do_nothing())
        counter = await session.scalar(select(Counter).where(Counter.name == name).with_for_update())
        if counter is not None:
            counter.hits += 1
        await session.commit()

Fix:
    None: an insert that leaves a conflict alone is written differently for each database.

Limits:
    This rule is off by default: its harm needs two writers at once on a database server (where it is an IntegrityError,
    as `benchmarks/on_postgresql.py` shows), and whether there ever are two is not to be seen in the code. What a called function inserts is not seen. Nothing is said inside a `try` that
    expects an IntegrityError, OperationalError or DBAPIError.

See:
    https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-ROWS
"""

from flake8_async_orm.facts import AbsentRowInserted
from flake8_async_orm.rule import Finding, rule


@rule("AOR407", "locked-read-then-insert", since="0.1.0", default=False)
def check(fact: AbsentRowInserted) -> Finding | None:
    name = fact.model.rpartition(".")[2]
    return Finding(
        f"a `{name}` that the locking read did not find is inserted; make the insert come first, with `on_conflict_do_nothing()`",
        fact.site,
        help="where no row is found none is locked: two writers can both get here",
        related=((fact.read, "read for update here"),),
    )
