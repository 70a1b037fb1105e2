"""Parsing in a process of its own, so that ours survives whatever happens."""

from __future__ import annotations

import os
import subprocess
import sys

import libcst

#: Seconds of a processor that the parse may take.
PROCESSOR_SECONDS = 3
#: Seconds that all may take: the machine may be busy.
_SECONDS = 60 if sys.platform != "win32" else 10
#: Bytes of stack: less than any thread has in which the file may be parsed afterwards.
_STACK = 1024 * 1024

# The first line of the input is the folder that LibCST lies in, the rest the text to parse. No other folder is searched:
# the current one may hold anything. That a text is no Python is for the caller to find out: here it only matters
# whether the parser comes back.
_PROGRAM = f"""
import ast, sys, threading
stream = sys.stdin.buffer
sys.path.append(ast.literal_eval(stream.readline().decode("ascii")))
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
    limit = int(used.ru_utime + used.ru_stime) + 1 + int(sys.argv[1])
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


def survives(text: str, processor_seconds: int = PROCESSOR_SECONDS) -> bool:
    """Whether LibCST comes back from parsing `text`, with whatever result, within reasonable time and stack.

    Where the system cannot limit the time of a processor, it is the time of the clock that is limited.
    """
    if not sys.executable:
        return False
    folder = os.path.dirname(os.path.dirname(os.path.abspath(libcst.__file__)))
    given = ascii(folder).encode("ascii") + b"\n" + text.encode("utf-8", "surrogatepass")
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _PROGRAM, str(processor_seconds)],
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0 and done.stdout == b"survived"
