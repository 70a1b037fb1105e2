"""The HTTP interface."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, WebSocket
from sqlalchemy.ext.asyncio import AsyncSession

from lending.database import get_session, is_alive
from lending.repositories import BookRepository, MemberRepository
from lending.services import LendingService, TooManyLoans

router = APIRouter()
Session = Annotated[AsyncSession, Depends(get_session)]


@router.get("/health")
async def health() -> dict[str, bool]:
    return {"database": await is_alive()}


@router.post("/members/{member_id}/loans", status_code=201)
async def lend(member_id: int, book_id: int, session: Session) -> dict[str, object]:
    try:
        loan = await LendingService(session).lend(member_id, book_id, date.today())
    except TooManyLoans:
        raise HTTPException(409, "too many loans") from None
    return {"id": loan.id, "due": loan.due}


@router.get("/members/{member_id}/loans")
async def borrowed(member_id: int, session: Session) -> list[str]:
    member = await MemberRepository(session).with_loans(member_id)
    if member is None:
        raise HTTPException(404, "no such member")
    return [loan.book.title for loan in member.loans]


@router.delete("/loans/{loan_id}", status_code=204)
async def take_back(loan_id: int, session: Session) -> None:
    await LendingService(session).take_back(loan_id)


@router.websocket("/search")
async def search(socket: WebSocket) -> None:
    """Answers while one types; a session for each question, as the socket stays open for long."""
    await socket.accept()
    async for words in socket.iter_text():
        async with get_session() as session:
            books = await BookRepository(session).search(words)
        await socket.send_json([{"title": book.title, "shelf": book.shelf} for book in books])
