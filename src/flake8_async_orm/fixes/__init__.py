"""Fixes as text edits.

A rule asks for a fix by the name of a builder, with sites and words; each builder's module says which. A builder looks
at the text, lowers the grade that was asked for where the text asks for care, or refuses.
"""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from flake8_async_orm.edits import Edit, Fix, replace
from flake8_async_orm.fixes.add_loader_option import add_loader_option
from flake8_async_orm.fixes.add_statement_after import add_statement_after
from flake8_async_orm.fixes.await_attribute import await_attribute
from flake8_async_orm.fixes.await_where_made import await_where_made
from flake8_async_orm.fixes.bind_none_before import bind_none_before
from flake8_async_orm.fixes.call_member import call_member
from flake8_async_orm.fixes.change_decorator import change_decorator
from flake8_async_orm.fixes.change_iteration import change_iteration
from flake8_async_orm.fixes.draft import Draft, lower
from flake8_async_orm.fixes.drop_argument import drop_argument
from flake8_async_orm.fixes.drop_await import drop_await
from flake8_async_orm.fixes.drop_call import drop_call
from flake8_async_orm.fixes.drop_decorator import drop_decorator
from flake8_async_orm.fixes.drop_statement import drop_statement
from flake8_async_orm.fixes.enter_connection import enter_connection
from flake8_async_orm.fixes.enter_context import enter_context
from flake8_async_orm.fixes.first_where_made import first_where_made
from flake8_async_orm.fixes.flush_before import flush_before
from flake8_async_orm.fixes.flush_instead import flush_instead
from flake8_async_orm.fixes.insert_await import insert_await
from flake8_async_orm.fixes.insert_call import insert_call
from flake8_async_orm.fixes.make_function_async import make_function_async
from flake8_async_orm.fixes.map_write_only import map_write_only
from flake8_async_orm.fixes.name_attributes import name_attributes
from flake8_async_orm.fixes.pass_function import pass_function
from flake8_async_orm.fixes.put_name import put_name
from flake8_async_orm.fixes.query_to_select import query_to_select
from flake8_async_orm.fixes.read_attribute import read_attribute
from flake8_async_orm.fixes.refresh_before import refresh_before
from flake8_async_orm.fixes.rename_member import rename_member
from flake8_async_orm.fixes.replace_text import replace_text
from flake8_async_orm.fixes.roll_back_first import roll_back_first
from flake8_async_orm.fixes.run_in_sync import run_in_sync
from flake8_async_orm.fixes.scope_by_task import scope_by_task
from flake8_async_orm.fixes.set_argument import set_argument
from flake8_async_orm.fixes.set_in_class import set_in_class
from flake8_async_orm.fixes.switch_with import switch_with
from flake8_async_orm.fixes.tree import NoSuchNode, Tree, tree_of
from flake8_async_orm.fixes.use_parameter import use_parameter
from flake8_async_orm.fixes.wrap_async_context_manager import wrap_async_context_manager
from flake8_async_orm.fixes.wrap_call import wrap_call
from flake8_async_orm.rule import FixRequest
from flake8_async_orm.source import Source, SourceError
from flake8_async_orm.source.parse import parse

__all__ = ["BUILDERS", "build"]

Builder = Callable[[Tree, FixRequest], Draft | None]

BUILDERS: dict[str, Builder] = {
    "add_loader_option": add_loader_option,
    "add_statement_after": add_statement_after,
    "await_attribute": await_attribute,
    "await_where_made": await_where_made,
    "bind_none_before": bind_none_before,
    "call_member": call_member,
    "change_decorator": change_decorator,
    "change_iteration": change_iteration,
    "drop_await": drop_await,
    "drop_statement": drop_statement,
    "drop_call": drop_call,
    "drop_decorator": drop_decorator,
    "enter_connection": enter_connection,
    "enter_context": enter_context,
    "first_where_made": first_where_made,
    "flush_before": flush_before,
    "flush_instead": flush_instead,
    "insert_await": insert_await,
    "query_to_select": query_to_select,
    "insert_call": insert_call,
    "make_function_async": make_function_async,
    "pass_function": pass_function,
    "map_write_only": map_write_only,
    "name_attributes": name_attributes,
    "refresh_before": refresh_before,
    "rename_member": rename_member,
    "roll_back_first": roll_back_first,
    "scope_by_task": scope_by_task,
    "set_argument": set_argument,
    "set_in_class": set_in_class,
    "switch_with": switch_with,
    "replace_text": replace_text,
    "put_name": put_name,
    "drop_argument": drop_argument,
    "read_attribute": read_attribute,
    "run_in_sync": run_in_sync,
    "wrap_async_context_manager": wrap_async_context_manager,
    "use_parameter": use_parameter,
    "wrap_call": wrap_call,
}


def build(request: FixRequest, sources: Callable[[str], Source]) -> Fix | None:
    """The fix that `request` asks for, or None where it cannot be made well.

    `sources` gives the source of a path. The grade is the one asked for or a lower one. Raises KeyError for a builder
    that does not exist.
    """
    builder = BUILDERS[request.builder]
    site = request.sites[0]
    if site is None:
        return None
    source = sources(site.path)
    try:
        if not source.faithful:
            return None
        tree = tree_of(source)
        draft = builder(tree, request)
    except (NoSuchNode, SourceError):
        return None
    if draft is None or not _parses(tree, draft.edits):
        return None
    return Fix(request.title, draft.edits, lower(request.safety, draft.grade))


def _parses(tree: Tree, edits: tuple[Edit, ...]) -> bool:
    """Whether each top-level statement that `edits` touch is still Python. They never cross from one to the next."""
    body: list[cst.CSTNode] = list(tree.source.module.body)
    starts = [tree.line_start(min(tree.span(node).start for node in tree.below(part))) for part in body]
    ends = [*starts[1:], len(tree.text)]
    starts[:1] = [0]
    for start, end in zip(starts, ends, strict=True):
        inside = [Edit(edit.start - start, edit.end - start, edit.text) for edit in edits if start <= edit.start < end]
        if not inside:
            continue
        if any(edit.end > end - start for edit in inside):
            return False
        try:
            parse(replace(tree.text[start:end], inside))
        except SourceError:
            return False
    return True
