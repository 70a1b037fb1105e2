"""Every query of the application."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from lending.models import Book, Loan, Member


class MemberRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def by_email(self, email: str) -> Member | None:
        result = await self.session.execute(select(Member).where(Member.email == email))
        return await result.scalar_one_or_none()

    async def with_loans(self, member_id: int) -> Member | None:
        statement = select(Member).where(Member.id == member_id)
        statement = statement.options(selectinload(Member.loans).selectinload(Loan.book))
        return (await self.session.scalars(statement)).first()


class LoanRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def overdue(self, today: date) -> Sequence[Loan]:
        statement = select(Loan).where(Loan.due < today, Loan.returned.is_(False)).order_by(Loan.due)
        return (await self.session.scalars(statement)).all()

    async def count_open(self, member_id: int) -> int:
        statement = select(func.count()).where(Loan.member_id == member_id, Loan.returned.is_(False))
        result = self.session.execute(statement)
        return result.scalar_one()


class BookRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def get(self, book_id: int) -> Book | None:
        return await self.session.get(Book, book_id)

    async def search(self, words: str) -> Sequence[Book]:
        return (await self.session.scalars(select(Book).where(Book.title.icontains(words)))).all()
