"""Writes the table of codes from the rules; `--check` compares and changes nothing."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from flake8_async_orm import codes
from flake8_async_orm.linting.findings import registered
from flake8_async_orm.report.explain import code_rows

TABLE = Path(codes.__file__).with_name("codes.json")


def expected() -> str:
    """The text that the table must have: a row a line."""
    rows = (json.dumps(row, ensure_ascii=False) for row in code_rows(registered()))
    return "[\n" + ",\n".join(f"  {row}" for row in rows) + "\n]\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit with 1 if the table is not current")
    check = parser.parse_args().check
    text = expected()
    if TABLE.read_text(encoding="utf-8") == text:
        return 0
    if check:
        print("the table of codes is not current; `python scripts/generate_codes.py` writes it")
        return 1
    TABLE.write_text(text, encoding="utf-8", newline="\n")
    print("written:", TABLE.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
