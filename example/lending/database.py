"""The engine, the session factory, and the dependency that hands out sessions."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from lending.models import Base

engine = create_async_engine(os.environ.get("DATABASE_URL", "sqlite+aiosqlite:///lending.db"))
new_session = async_sessionmaker(engine, expire_on_commit=False)


async def get_session() -> AsyncIterator[AsyncSession]:
    """One session for each request."""
    async with new_session() as session:
        yield session


async def create_tables() -> None:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)


async def is_alive() -> bool:
    """Whether the database answers; asked by the load balancer."""
    result = await engine.execute(text("SELECT 1"))
    return result.scalar_one() == 1
