"""What the library does: lending, taking back, reminding."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from lending.models import Loan
from lending.repositories import LoanRepository

LOAN_PERIOD = timedelta(weeks=3)
LOANS_AT_ONCE = 5


class TooManyLoans(Exception):
    """The member has as many books as one may have."""


@dataclass
class Reminder:
    email: str
    due: date


class LendingService:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.loans = LoanRepository(session)

    async def lend(self, member_id: int, book_id: int, today: date) -> Loan:
        if await self.loans.count_open(member_id) >= LOANS_AT_ONCE:
            raise TooManyLoans
        loan = Loan(member_id=member_id, book_id=book_id, due=today + LOAN_PERIOD)
        self.session.add(loan)
        await self.session.commit()
        return loan

    async def take_back(self, loan_id: int) -> None:
        loan = await self.session.get_one(Loan, loan_id)
        loan.returned = True
        self.session.commit()

    async def reminders(self, today: date) -> list[Reminder]:
        overdue = await self.loans.overdue(today)
        return [Reminder(loan.member.email, loan.due) for loan in overdue]
