"""Text to a LibCST module and its nodes, with every failure mapped to one exception."""

from __future__ import annotations

import ast
import re
import warnings
from functools import lru_cache

import libcst

from flake8_async_orm.source import guard
from flake8_async_orm.source.errors import SourceError
from flake8_async_orm.source.lines import Lines
from flake8_async_orm.source.walk import preorder

#: How deep the tree of semantic nodes may be. Whoever walks it may recurse, with a few Python frames for a level.
DEPTH_LIMIT = 250


def parse(text: str, size_limit: int = 1_000_000) -> tuple[libcst.Module, list[libcst.CSTNode]]:
    """Parse `text`; return the module and its semantic nodes in pre-order.

    Raises SourceError, and nothing else, for what is no Python, or too large or too intricate to be analysed.
    """
    guard.check(text, size_limit)
    try:
        module = _parsed(text)
    except libcst.ParserSyntaxError as error:
        raise _syntax_error(text, error) from None
    except (SyntaxError, LookupError, ValueError):
        raise SourceError("the file is not valid Python") from None
    except (RecursionError, MemoryError):
        raise SourceError("the code is nested too deeply") from None
    nodes, levels, lowest = preorder(module)
    if levels > DEPTH_LIMIT:
        reason = f"the code is nested {levels} levels deep, and no more than {DEPTH_LIMIT} are analysed"
        raise SourceError(reason, _line(module, nodes, lowest))
    return module, nodes


def _parsed(text: str) -> libcst.Module:
    """The module as `libcst.parse_module` makes it, a fifth cheaper.

    Nodes that the parser makes are well formed and need not check themselves, which costs a seventh of the parse. Half of
    all nodes are pieces of white space, which are alike: one of each serves all trees. The parser looks the classes of its
    nodes up by name each time.
    """
    libcst.CSTNode.__post_init__ = _unchecked  # type: ignore[assignment, method-assign]
    libcst.SimpleWhitespace = _white_space  # type: ignore[assignment, misc]
    try:
        return libcst.parse_module(text)
    finally:
        libcst.SimpleWhitespace = _SimpleWhitespace  # type: ignore[misc]
        libcst.CSTNode.__post_init__ = _CHECKED  # type: ignore[method-assign]


_CHECKED = libcst.CSTNode.__post_init__
_SimpleWhitespace = libcst.SimpleWhitespace


def _unchecked(node: libcst.CSTNode) -> None:
    """Nothing."""


@lru_cache(1000)
def _white_space(*, value: str) -> libcst.SimpleWhitespace:
    return _SimpleWhitespace(value)


def _syntax_error(text: str, error: libcst.ParserSyntaxError) -> SourceError:
    """What Python says of a text that LibCST cannot parse; LibCST's own message where Python has nothing against it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "<text>", "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    except SyntaxError as found:
        # the column is 1-based, and both may be missing or lie behind the text
        line, column = found.lineno or 1, max((found.offset or 1) - 1, 0)
        return SourceError(f"the file is not valid Python: {_one_line(found.msg)}", line, column)
    except (ValueError, RecursionError, MemoryError):
        pass
    place = re.search(r"error at (\d+):(\d+)", error.message)
    line, column = (int(place[1]), int(place[2])) if place else (error.raw_line, error.raw_column)
    return SourceError("the file is not valid Python", line, column)


def _one_line(message: str) -> str:
    words = " ".join(message.split()).rstrip(".")
    return words[:1].lower() + words[1:]


def _line(module: libcst.Module, nodes: list[libcst.CSTNode], number: int) -> int:
    """The 1-based line on which the top-level statement that holds a node begins."""
    top = {id(statement): index for index, statement in enumerate(module.body)}
    index = next((top[id(node)] for node in reversed(nodes[: number + 1]) if id(node) in top), 0)
    try:
        before = "".join(map(module.code_for_node, (*module.header, *module.body[:index])))
    except RecursionError:
        return 1
    return Lines(before).line_column(len(before))[0] + len(module.body[index].leading_lines)
