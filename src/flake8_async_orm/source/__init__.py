"""One file's text, tree and positions.

Importing this package does not import LibCST; asking a `Source` for its tree does.
"""

from flake8_async_orm.source.errors import SourceError
from flake8_async_orm.source.file import Source, Span

__all__ = ["Source", "SourceError", "Span"]
