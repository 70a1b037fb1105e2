"""A linter for misuse of SQLAlchemy under asyncio."""

__version__ = "0.1.0"
