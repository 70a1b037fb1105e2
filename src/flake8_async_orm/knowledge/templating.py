"""Template engines that are used with async web frameworks: how templates are found and rendered."""

from __future__ import annotations

#: classes whose objects render a template by its name as a response
RESPONDING = frozenset(
    {
        "fastapi.templating.Jinja2Templates",
        "starlette.templating.Jinja2Templates",
    }
)
ENVIRONMENTS = frozenset(
    {
        "jinja2.Environment",
        "jinja2.environment.Environment",
        "jinja2.sandbox.SandboxedEnvironment",
    }
)
TEMPLATES = frozenset({"jinja2.Template", "jinja2.environment.Template"})
#: what `get_template` gives, as a class of ours tells it
TEMPLATE = "jinja2.Template"
#: methods of a template that render it at once
RENDERING = frozenset({"render", "render_async"})
#: functions that render a template by its name: the position of the name, and of the context (-1: keyword arguments)
FUNCTIONS = {
    "flask.render_template": (0, -1),
    "flask.templating.render_template": (0, -1),
    "quart.render_template": (0, -1),
    "quart.templating.render_template": (0, -1),
    "aiohttp_jinja2.render_template": (0, 2),
    "aiohttp_jinja2.render_string": (0, 2),
}
#: where templates are by convention
CONVENTIONAL = "templates"
#: extensions that templates may use without saying so
EXTENSIONS = ("jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols", "jinja2.ext.debug")
#: filters that give what they get, in another order or a part of it; those that give one element of it
KEEPING = frozenset({"list", "sort", "reverse", "unique", "slice", "batch", "select", "reject"})
ELEMENT = frozenset({"first", "last", "random", "min", "max"})
#: filters that read an attribute of each element, named by the argument at this position or the keyword `attribute`
ATTRIBUTE = {
    "map": None,
    "sort": 2,
    "unique": 1,
    "sum": 0,
    "join": 1,
    "groupby": 0,
    "selectattr": 0,
    "rejectattr": 0,
    "min": 1,
    "max": 1,
}
#: filters that give one of their elements for each
EACH = frozenset({"selectattr", "rejectattr"})
#: filters that make a text of what they get
SHOWING = frozenset({"string", "escape", "e", "safe", "upper", "lower", "title", "trim", "striptags", "capitalize"})
