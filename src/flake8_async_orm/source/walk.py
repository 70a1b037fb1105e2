"""The semantic children of every LibCST node, in source order.

A table says which fields of a node type hold children; a function is generated for each type that is met. Whitespace,
punctuation, parentheses and operators are no children. This costs a hundredth of the parse, where a `CSTVisitor`
costs as much as the parse.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from libcst import CSTNode

Children = Callable[["CSTNode"], Sequence["CSTNode"]]

#: Node type -> fields in source order. `field` always holds a node, `field?` may hold none, `field*` a sequence,
#: `field*?` may hold a sequence.
FIELDS: dict[str, str] = {
    "Module": "body*",
    # suites and statement lines
    "IndentedBlock": "body*",
    "SimpleStatementLine": "body*",
    "SimpleStatementSuite": "body*",
    # small statements
    "AnnAssign": "target annotation value?",
    "Assert": "test msg?",
    "Assign": "targets* value",
    "AssignTarget": "target",
    "AugAssign": "target value",
    "Break": "",
    "Continue": "",
    "Del": "target",
    "Expr": "value",
    "Global": "names*",
    "Import": "names*",
    "ImportAlias": "name asname?",
    "ImportFrom": "module? names*?",
    "LazyImport": "names*",
    "LazyImportFrom": "module? names*?",
    "NameItem": "name",
    "Nonlocal": "names*",
    "Pass": "",
    "Raise": "exc? cause?",
    "Return": "value?",
    "TypeAlias": "name type_parameters? value",
    # compound statements
    "AsName": "name",
    "ClassDef": "decorators* name type_parameters? bases* keywords* body",
    "Decorator": "decorator",
    "Else": "body",
    "ExceptHandler": "type? name? body",
    "ExceptStarHandler": "type name? body",
    "Finally": "body",
    "For": "target iter body orelse?",
    "FunctionDef": "decorators* name type_parameters? params returns? body",
    "If": "test body orelse?",
    "Try": "body handlers* orelse? finalbody?",
    "TryStar": "body handlers* orelse? finalbody?",
    "While": "test body orelse?",
    "With": "items* body",
    "WithItem": "item asname?",
    # match
    "Match": "subject cases*",
    "MatchAs": "pattern? name?",
    "MatchCase": "pattern guard? body",
    "MatchClass": "cls patterns* kwds*",
    "MatchKeywordElement": "key pattern",
    "MatchList": "patterns*",
    "MatchMapping": "elements* rest?",
    "MatchMappingElement": "key pattern",
    "MatchOr": "patterns*",
    "MatchOrElement": "pattern",
    "MatchSequenceElement": "value",
    "MatchSingleton": "value",
    "MatchStar": "name?",
    "MatchTuple": "patterns*",
    "MatchValue": "value",
    # parameters
    "Annotation": "annotation",
    "Param": "name annotation? default?",
    "Parameters": "posonly_params* params* star_arg? kwonly_params* star_kwarg?",
    "ParamSlash": "",
    "ParamSpec": "name",
    "ParamStar": "",
    "TypeParam": "param default?",
    "TypeParameters": "params*",
    "TypeVar": "name bound?",
    "TypeVarTuple": "name",
    # expressions
    "Arg": "keyword? value",
    "Attribute": "value attr",
    "Await": "expression",
    "BinaryOperation": "left right",
    "BooleanOperation": "left right",
    "Call": "func args*",
    "CompFor": "target iter ifs* inner_for_in?",
    "CompIf": "test",
    "Comparison": "left comparisons*",
    "ComparisonTarget": "comparator",
    "ConcatenatedString": "left right",
    "Dict": "elements*",
    "DictComp": "key value for_in",
    "DictElement": "key value",
    "Element": "value",
    "Ellipsis": "",
    "Float": "",
    "FormattedString": "parts*",
    "FormattedStringExpression": "expression format_spec*?",
    "FormattedStringText": "",
    "From": "item",
    "GeneratorExp": "elt for_in",
    "IfExp": "body test orelse",
    "Imaginary": "",
    "Index": "value",
    "Integer": "",
    "Lambda": "params body",
    "List": "elements*",
    "ListComp": "elt for_in",
    "Name": "",
    "NamedExpr": "target value",
    "Set": "elements*",
    "SetComp": "elt for_in",
    "SimpleString": "",
    "Slice": "lower? upper? step?",
    "StarredDictComp": "value for_in",
    "StarredDictElement": "value",
    "StarredElement": "value",
    "Subscript": "value slice*",
    "SubscriptElement": "slice",
    "TemplatedString": "parts*",
    "TemplatedStringExpression": "expression format_spec*?",
    "TemplatedStringText": "",
    "Tuple": "elements*",
    "UnaryOperation": "expression",
    "Yield": "value?",
}


def _generate(fields: Sequence[str]) -> Children:
    """Write and compile the function for one node type."""
    if not any(field.endswith("?") for field in fields):
        if len(fields) == 1 and fields[0].endswith("*"):
            lines = [f"return node.{fields[0][:-1]}"]
        else:
            items = ", ".join(f"*node.{f[:-1]}" if f.endswith("*") else f"node.{f}" for f in fields)
            lines = [f"return ({items},)"]
    else:
        lines = ["found = []"]
        for field in fields:
            name = field.rstrip("*?")
            lines.append(f"value = node.{name}")
            if field.endswith("*?"):
                # no sequence: nothing, or the star of an import
                lines += ["if isinstance(value, (tuple, list)):", " found += value"]
            elif field.endswith("?"):
                # an absent node is None or a sentinel; a bare `*` among parameters is punctuation
                lines += ["if type(value) not in absent:", " found.append(value)"]
            elif field.endswith("*"):
                lines.append("found += value")
            else:
                lines.append("found.append(value)")
        lines.append("return found")
    from libcst import MaybeSentinel, ParamStar

    namespace: dict[str, Any] = {"absent": frozenset({type(None), MaybeSentinel, ParamStar})}
    exec("def children(node):\n " + "\n ".join(lines), namespace)
    generated: Children = namespace["children"]
    return generated


def _generic(kind: type[CSTNode]) -> Children:
    """The function for a type that the table does not know (a newer LibCST): its children that have meaning."""

    def has_meaning(node: CSTNode) -> bool:
        home = type(node).__module__.rpartition(".")[2]
        return home in ("expression", "statement") and not type(node).__name__.endswith(("Paren", "Bracket", "Brace"))

    def children(node: CSTNode) -> Sequence[CSTNode]:
        return tuple(child for child in node.children if has_meaning(child))

    return children


class _Table(dict[type, Children | None]):
    """Node type -> its function, or None for a leaf; made when a type is first met."""

    def __missing__(self, kind: type) -> Children | None:
        fields = FIELDS.get(kind.__name__)
        if fields is None:
            self[kind] = _generic(kind)
        else:
            self[kind] = _generate(fields.split()) if fields else None
        return self[kind]


_TABLE = _Table()


def children(node: CSTNode) -> Sequence[CSTNode]:
    """The semantic children of `node` in source order. Do not change what is returned."""
    function = _TABLE[type(node)]
    return () if function is None else function(node)


def preorder(root: CSTNode) -> tuple[list[CSTNode], int, int]:
    """`root` and all semantic nodes below it, parents first, in source order, without recursion.

    Also returns how many levels of inner nodes the tree has, and the index of a node on the lowest of them.
    """
    table = _TABLE
    nodes = [root]
    levels, lowest = 1, 0
    waiting = [iter(children(root))]
    while waiting:
        for node in waiting[-1]:
            nodes.append(node)
            function = table[type(node)]
            if function is not None:
                waiting.append(iter(function(node)))
                if len(waiting) > levels:
                    levels, lowest = len(waiting), len(nodes) - 1
                break
        else:
            waiting.pop()
    return nodes, levels, lowest
