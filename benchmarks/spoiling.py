"""Right programs made wrong in one way, at every place where it can be done: what a linter then should mend."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

COROUTINES = frozenset("execute scalar scalars commit rollback flush refresh stream stream_scalars run_sync get merge".split())
PLAIN = frozenset("add add_all expunge all first one one_or_none scalar_one scalar_one_or_none mappings unique fetchall".split())


class Spoiling(cst.CSTTransformer):
    """Counts what it spoils in `places`."""

    def __init__(self) -> None:
        super().__init__()
        self.places = 0


def member(node: cst.BaseExpression) -> str:
    """`execute` of `session.execute(...)`."""
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        return node.func.attr.value
    return ""


class AwaitsDropped(Spoiling):
    """`(await session.execute(q)).all()` becomes `session.execute(q).all()`."""

    def leave_Await(self, original_node: cst.Await, updated_node: cst.Await) -> cst.BaseExpression:
        if member(updated_node.expression) not in COROUTINES:
            return updated_node
        self.places += 1
        broken = any(not isinstance(part.whitespace_after, cst.SimpleWhitespace) for part in updated_node.lpar)
        if not broken:
            return updated_node.expression
        expression: cst.BaseExpression = updated_node.expression.with_changes(
            lpar=[*updated_node.lpar, *updated_node.expression.lpar], rpar=[*updated_node.expression.rpar, *updated_node.rpar]
        )
        return expression


class AwaitsAdded(Spoiling):
    """`session.add(x)` becomes `await session.add(x)`."""

    def __init__(self) -> None:
        super().__init__()
        self._async = [False]
        self._awaited: list[cst.CSTNode] = []

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self._async.append(node.asynchronous is not None)

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:
        self._async.pop()
        return updated_node

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        return False

    def visit_BaseComp(self, node: cst.BaseComp) -> bool:
        return False

    visit_GeneratorExp = visit_ListComp = visit_SetComp = visit_DictComp = visit_BaseComp

    def visit_Decorator(self, node: cst.Decorator) -> bool:
        return False

    def visit_Await(self, node: cst.Await) -> None:
        self._awaited.append(node.expression)

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        if not self._async[-1] or member(updated_node) not in PLAIN or any(original_node is one for one in self._awaited):
            return updated_node
        self.places += 1
        bare = updated_node.with_changes(lpar=[], rpar=[])
        return cst.Await(bare, lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


class WithsMadeSync(Spoiling):
    """`async with` becomes `with`."""

    def leave_With(self, original_node: cst.With, updated_node: cst.With) -> cst.With:
        if updated_node.asynchronous is None:
            return updated_node
        self.places += 1
        return updated_node.with_changes(asynchronous=None)


class CallsDropped(Spoiling):
    """`query.options(...)` becomes `query`, for the members `names`."""

    names: frozenset[str] = frozenset()

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        if member(updated_node) not in self.names or not isinstance(updated_node.func, cst.Attribute):
            return updated_node
        self.places += 1
        value = updated_node.func.value
        inner: cst.BaseExpression = value.with_changes(
            lpar=[*updated_node.lpar, *value.lpar], rpar=[*value.rpar, *updated_node.rpar]
        )
        return inner


class OptionsDropped(CallsDropped):
    names = frozenset({"options"})


class UniqueDropped(CallsDropped):
    names = frozenset({"unique"})


class TextsBared(Spoiling):
    """`execute(text("select 1"))` becomes `execute("select 1")`."""

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        if not isinstance(updated_node.func, cst.Name) or updated_node.func.value != "text" or len(updated_node.args) != 1:
            return updated_node
        literal = updated_node.args[0].value
        if not isinstance(literal, (cst.SimpleString, cst.ConcatenatedString)) or literal.lpar:
            return updated_node
        self.places += 1
        return literal.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


class StatementsDropped(Spoiling):
    """Lines `await session.flush()`, `refresh` and `commit` are taken out."""

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.SimpleStatementLine:
        only = updated_node.body[0] if len(updated_node.body) == 1 else None
        if not isinstance(only, cst.Expr) or not isinstance(only.value, cst.Await):
            return updated_node
        if member(only.value.expression) not in ("flush", "refresh", "commit"):
            return updated_node
        self.places += 1
        return updated_node.with_changes(body=[cst.Pass()])


class ProvidersBared(Spoiling):
    """`@asynccontextmanager` is taken off."""

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:
        kept = [one for one in updated_node.decorators if not _names(one.decorator, "asynccontextmanager")]
        self.places += len(updated_node.decorators) - len(kept)
        return updated_node.with_changes(decorators=kept)


def _names(node: cst.BaseExpression, name: str) -> bool:
    return (isinstance(node, cst.Name) and node.value == name) or (isinstance(node, cst.Attribute) and node.attr.value == name)


SPOILINGS: dict[str, type[Spoiling]] = {
    "awaits dropped": AwaitsDropped,
    "awaits added": AwaitsAdded,
    "with for async with": WithsMadeSync,
    "options dropped": OptionsDropped,
    "unique dropped": UniqueDropped,
    "text dropped": TextsBared,
    "flush, refresh and commit dropped": StatementsDropped,
    "asynccontextmanager dropped": ProvidersBared,
}


def spoiled(data: bytes, name: str) -> tuple[bytes, int]:
    """The file's bytes made wrong, and at how many places; 0 where there is nothing to spoil."""
    change = SPOILINGS[name]()
    try:
        return cst.parse_module(data).visit(change).bytes, change.places
    except (cst.CSTValidationError, cst.ParserSyntaxError):
        return data, 0


def same(one: bytes, other: bytes) -> bool:
    """Whether two files say the same, but for white space, comments and parentheses."""
    import ast

    return ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))


__all__: Sequence[str] = ["SPOILINGS", "same", "spoiled"]
