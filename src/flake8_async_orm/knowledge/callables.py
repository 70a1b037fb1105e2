"""What functions, decorators and classes outside the project do to what they are given, as far as it matters here."""

from __future__ import annotations

from flake8_async_orm.knowledge import names

#: markers of dependency injection, by last name: the parameter holds what their first argument provides
DEPENDS = frozenset({"Depends", "Security"})

#: what async generator objects have themselves
GENERATOR_MEMBERS = frozenset(
    "aclose asend athrow ag_await ag_code ag_frame ag_running ag_suspended __aiter__ __anext__".split()
)

#: decorators that turn a generator function into a context manager: dotted name -> is it async
CONTEXT_MANAGERS = {
    "contextlib.asynccontextmanager": True,
    "contextlib.contextmanager": False,
    "contextlib2.asynccontextmanager": True,
    "async_generator.asynccontextmanager": True,
    "asyncstdlib.contextmanager": True,
    "asyncstdlib.contextlib.contextmanager": True,
}

#: classes whose `enter_context` is `with`
EXIT_STACKS = frozenset({"contextlib.ExitStack", "contextlib.AsyncExitStack"})

#: decorators after which a function is called as it is written, by dotted name or package prefix ending in a dot
KEEPS = (
    "abc.",
    "typing.",
    "typing_extensions.",
    "functools.wraps",
    "functools.lru_cache",
    "functools.cache",
    "warnings.deprecated",
    "builtins.staticmethod",
    "builtins.classmethod",
    "tenacity.",
    "backoff.",
    "pytest.mark.",
    "pytest.fixture",
    "pytest_asyncio.fixture",
    "fastapi.",
    "starlette.",
    "litestar.",
    "aiogram.",
    "sqlalchemy.",
    "pydantic.",
    "strawberry.",
    "opentelemetry.",
    "async_lru.",
    "aiocache.",
    "cachetools.",
    "overrides.",
    "override.",
    "pytest_asyncio.",
    "slowapi.",
    "fastapi_cache.",
    "discord.",
    "faust.",
)

#: decorators that make a function a fixture of pytest's, by last name
FIXTURES = frozenset({"fixture", "yield_fixture"})

#: methods of router-like objects that register a function and give it back
ROUTE_METHODS = frozenset(
    "get post put patch delete head options trace api_route route websocket websocket_route middleware exception_handler on_event "
    "lifespan message callback_query callback_handler inline_query my_chat_member chat_member errors error startup shutdown "
    "command handler register listens_for subscriber publisher field mutation subscription query event listener".split()
)

PROPERTIES = frozenset(
    {
        "builtins.property",
        "functools.cached_property",
        "abc.abstractproperty",
        "werkzeug.utils.cached_property",
        "async_property.async_property",
    }
)
HYBRIDS = frozenset({"sqlalchemy.ext.hybrid.hybrid_property"})

#: functions that take awaitables and see to it that they are awaited, by dotted name: position of the awaitables
#: (None: all positional arguments), and what awaiting the call gives (first: the argument's result; list: of all)
RUNNERS = {
    "asyncio.gather": "list",
    "asyncio.wait_for": "first",
    "asyncio.shield": "first",
    "asyncio.create_task": "first",
    "asyncio.ensure_future": "first",
    "asyncio.run": "now",
    "uvloop.run": "now",
    "anyio.run": "calls",
    "asyncio.wait": "unknown",
    "asyncio.as_completed": "unknown",
    "asyncio.tasks.gather": "list",
}

#: functions and methods that await what they are given: all arguments or the first, and whether only coroutines will do
SCHEDULING = {
    "gather": (True, False),
    "wait_for": (False, False),
    "shield": (False, False),
    "ensure_future": (False, False),
    "run_until_complete": (False, False),
    "run": (False, False),
    "create_task": (False, True),
}
#: what makes an object with such a method, and of which class it is
SCHEDULERS = {
    "asyncio.TaskGroup": "asyncio.TaskGroup",
    "asyncio.get_running_loop": "asyncio.AbstractEventLoop",
    "asyncio.get_event_loop": "asyncio.AbstractEventLoop",
    **dict.fromkeys(("asyncio.new_event_loop", "uvloop.new_event_loop"), "asyncio.BaseEventLoop"),
    "asyncio.Runner": "asyncio.Runner",
}
#: of these, the methods that run a coroutine to its end, in a loop of the object's own
OWN_LOOPS = {"asyncio.BaseEventLoop": "run_until_complete", "asyncio.Runner": "run"}
#: functions that make a plain function of a coroutine function: each call runs it in an event loop of its own
TO_SYNC = frozenset({"asgiref.sync.async_to_sync"})
#: what is bound to such a coroutine function in the place of a member
IN_A_LOOP = "(in a loop)"
#: names by which a module may run event loops
RUNNING = ("asyncio", "run", "anyio", "uvloop", "async_to_sync", "new_event_loop", "Runner")
#: of these, those that begin to run what they are given beside whoever called, by dotted name or as a method
STARTERS = frozenset({"asyncio.create_task", "asyncio.ensure_future", "asyncio.tasks.create_task"})
START_METHODS = frozenset({"create_task", "start_soon", "spawn"})
#: and those that run all of what they are given at the same time
TOGETHER = frozenset(
    {"asyncio.gather", "asyncio.tasks.gather", "asyncio.wait", "asyncio.tasks.wait", "asyncio.as_completed"}
)

#: functions that give the same to all tasks of something -> what that is
SCOPES = {
    **dict.fromkeys(("threading.get_ident", "threading.get_native_id", "_thread.get_ident"), "thread"),
    **dict.fromkeys(("threading.current_thread", "threading.currentThread", "threading.main_thread"), "thread"),
    **dict.fromkeys(("asyncio.get_running_loop", "asyncio.get_event_loop"), "loop"),
    **dict.fromkeys(("asyncio.events.get_running_loop", "asyncio.events.get_event_loop"), "loop"),
    "os.getpid": "process",
}

#: decorators by which a worker calls a function for each of its jobs, by last name
WORKER_DECORATORS = frozenset({"task", "shared_task", "periodic_task", "actor", "job"})

#: names by which tests replace functions by mocks
PATCHES = ("mock", "patch", "autospec")

#: builtins that need the length or the elements of their first argument
ITERATING = frozenset("len iter list tuple set frozenset sorted reversed sum min max dict enumerate".split())
#: builtins that iterate over all of their first argument
EXHAUSTING = frozenset("list tuple set frozenset sorted sum min max dict".split())
#: builtins that look at their arguments and give nothing of them back
LOOKING = frozenset("len bool str int repr isinstance print id type callable sum min max any all hash".split())

#: builtins that make a text of their arguments, and by which method
TEXT_OF = {"repr": "__repr__", "ascii": "__repr__", "str": "__str__", "print": "__str__", "format": "__format__"}
#: the methods by which an object becomes a text, the first that its class writes
TEXT_METHODS = {"__format__": ("__format__", "__str__", "__repr__"), "__str__": ("__str__", "__repr__"), "__repr__": ("__repr__",)}
#: functions of `itertools` that give what is in an argument: the position of that argument
FIRST_OF_ITERTOOLS = {
    **dict.fromkeys("islice cycle groupby batched pairwise chain from_iterable".split(), 0),
    **dict.fromkeys("takewhile dropwhile filterfalse".split(), 1),
}
#: those of them that call a function with each
CALLING_OF_ITERTOOLS = frozenset("groupby takewhile dropwhile filterfalse".split())
#: functions that read every field of a dataclass
TAKING_APART = frozenset({"dataclasses.asdict", "dataclasses.astuple"})

#: functions outside the builtins that refuse a coroutine in the place of their first argument
REFUSING = frozenset({"json.dumps", "json.dump", "orjson.dumps", "ujson.dumps", "pickle.dumps", "copy.deepcopy"})

#: methods of strings that give a string
GIVING_TEXT = frozenset(
    "format format_map join strip lstrip rstrip lower upper replace removeprefix removesuffix title capitalize expandtabs "
    "center ljust rjust zfill".split()
)

#: functions that never come back
NEVER_RETURN = frozenset(
    {
        "sys.exit",
        "builtins.exit",
        "builtins.quit",
        "os._exit",
        "os.abort",
        "pytest.fail",
        "pytest.skip",
        "pytest.xfail",
        "pytest.exit",
    }
)

#: exception classes whose handler also catches a lazy load that fails
CATCHES_IMPLICIT_IO = frozenset(
    {
        "builtins.Exception",
        "builtins.BaseException",
        "sqlalchemy.exc.MissingGreenlet",
        "sqlalchemy.exc.InvalidRequestError",
        "sqlalchemy.exc.SQLAlchemyError",
        "sqlalchemy.exc.StatementError",
        "sqlalchemy.exc.DBAPIError",
    }
)

#: handlers that also see what a session's making or opening may raise
BROAD = frozenset({"", "builtins.Exception", "builtins.BaseException", "asyncio.CancelledError"})

#: methods that read nothing of what they are given and keep none of it: those of loggers
LOG_METHODS = frozenset(
    {"debug", "info", "warning", "warn", "error", "exception", "critical", "log", "success", "trace"}
)
LOG_NAMES = frozenset({"logger", "log", "logging", "_logger", "LOGGER", "LOG", "_log"})

SEES_THROUGH = frozenset({"typing.cast", "typing_extensions.cast", "copy.copy", "typing.assert_type"})


def keeps_signature(dotted: str) -> bool:
    """Whether a function decorated with `dotted` is still called as it is written."""
    return any(dotted == row or (row.endswith(".") and dotted.startswith(row)) for row in KEEPS)


def is_thread(dotted: str) -> bool:
    """Whether `dotted` runs the function that it is given in a thread."""
    return names.last(dotted) in {
        "to_thread",
        "run_in_threadpool",
        "run_in_executor",
        "run_sync",
    } and not names.is_sqlalchemy(dotted)
