"""What all facts have."""

from __future__ import annotations

from dataclasses import dataclass

from flake8_async_orm.values import Site


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened at `site`."""

    site: Site
