"""What all facts have."""

from __future__ import annotations

from flake8_async_orm.records import record
from flake8_async_orm.values import Site


@record
class Fact:
    """Something that happened at `site`."""

    site: Site
