"""`python -m flake8_async_orm`."""

import sys

if __name__ == "__main__":
    if not getattr(sys.flags, "safe_path", False):
        # -m puts the current directory first: a folder of the linted project that is called like something we import would run
        del sys.path[0]
    from flake8_async_orm.cli import console

    console()
