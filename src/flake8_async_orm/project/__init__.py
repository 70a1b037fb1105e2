"""Definitions across files: what a dotted name means, found without importing or running anything."""
