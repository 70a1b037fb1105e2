"""Parsing in a process of its own, so that ours survives whatever happens."""

from __future__ import annotations

import subprocess
import sys

#: Processor seconds that the parse may take, and seconds of any kind (the machine may be busy).
_PROCESSOR_SECONDS = 3
_SECONDS = 60
#: Bytes of stack: less than any thread has in which the file may be parsed afterwards.
_STACK = 1024 * 1024

# The first line of the input is the module search path, the rest the text to parse. That a text is no Python is for
# the caller to find out: here it only matters whether the parser comes back.
_PROGRAM = f"""
import ast, sys, threading
stream = sys.stdin.buffer
sys.path[:] = ast.literal_eval(stream.readline().decode("utf-8", "surrogatepass"))
text = stream.read().decode("utf-8", "surrogatepass")
import libcst
def parse():
    try:
        libcst.parse_module(text)
    except Exception:
        pass
try:
    import resource
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + 1 + {_PROCESSOR_SECONDS}
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except (ImportError, ValueError, OSError):
    pass
threading.stack_size({_STACK})
thread = threading.Thread(target=parse)
thread.start()
thread.join()
sys.stdout.write("survived")
sys.stdout.flush()
"""


def survives(text: str) -> bool:
    """Whether LibCST comes back from parsing `text`, with whatever result, within reasonable time and stack."""
    if not sys.executable:
        return False
    given = ascii(sys.path).encode("ascii") + b"\n" + text.encode("utf-8", "surrogatepass")
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _PROGRAM],
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0 and done.stdout == b"survived"
