"""The process that runs scenarios: one JSON request a line in, one JSON answer a line out.

It lives as long as nothing goes wrong in it; the parent kills it when a scenario takes too long. Run as
`python -m harness.worker`; the first line that it writes says which SQLAlchemy it has.
"""

from __future__ import annotations

import builtins
import gc
import json
import os
import sys
from typing import Any


def exceptions() -> list[str]:
    """The names that an oracle may use under this SQLAlchemy."""
    import asyncio

    import sqlalchemy.exc
    import sqlalchemy.ext.asyncio.exc
    import sqlalchemy.orm.exc

    modules = (builtins, asyncio, sqlalchemy.exc, sqlalchemy.orm.exc, sqlalchemy.ext.asyncio.exc)
    members = [member for module in modules for member in vars(module).values()]
    names = {one.__name__ for one in members if isinstance(one, type) and issubclass(one, BaseException)}
    return sorted(names | {"ValidationError", "ResponseValidationError"})


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a program prints must not mix with the answers

    def answer(message: dict[str, Any]) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    import sqlalchemy

    from harness import stage

    stage.prepare()
    gc.disable()  # garbage is collected between scenarios, where somebody listens
    gc.collect()
    gc.freeze()
    answer({"sqlalchemy": sqlalchemy.__version__, "exceptions": exceptions()})
    for line in sys.stdin:
        answer(stage.run(json.loads(line)))
        # what is left are libraries that the program imported: the next collection need not look at them
        gc.freeze()
    os._exit(0)  # threads of forgotten connections would keep the process alive


if __name__ == "__main__":
    main()
