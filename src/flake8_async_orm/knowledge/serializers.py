"""Libraries that read the attributes of mapped instances to write them out: pydantic, marshmallow, and what uses them."""

from __future__ import annotations

PYDANTIC_BASES = frozenset(
    {
        "pydantic.BaseModel",
        "pydantic.main.BaseModel",
        "pydantic.v1.BaseModel",
        "pydantic.generics.GenericModel",
        "sqlmodel.SQLModel",
        "sqlmodel.main.SQLModel",
    }
)
MARSHMALLOW_BASES = frozenset(
    {
        "marshmallow.Schema",
        "marshmallow.schema.Schema",
        "marshmallow_sqlalchemy.SQLAlchemySchema",
        "flask_marshmallow.Schema",
    }
)
#: class methods of a pydantic model that take an instance apart, by reading every field's attribute
VALIDATING = frozenset({"model_validate", "from_orm", "parse_obj"})
#: methods of a pydantic model that give a dictionary of its fields; their arguments that leave some of them out
WRITING = frozenset({"model_dump", "dict"})
LEAVING_OUT = frozenset(
    {"mode", "include", "exclude", "exclude_unset", "exclude_defaults", "exclude_none", "exclude_computed_fields"}
)
#: methods of a marshmallow schema that do
DUMPING = frozenset({"dump", "dumps"})
ADAPTERS = frozenset({"pydantic.TypeAdapter", "pydantic.type_adapter.TypeAdapter"})
ADAPTING = frozenset({"validate_python"})
#: what writes out of an instance only what is loaded, and of an expired one nothing, without an error -> its name for people
LOADED_ONLY = {
    "fastapi.encoders.jsonable_encoder": "jsonable_encoder",
    "response": "FastAPI",
    "model_dump": "model_dump",
    "model_dump_json": "model_dump_json",
    "dict": "dict",
    "json": "json",
}
#: methods of SQLModel's tables among them
TABLE_DUMPS = frozenset({"model_dump", "model_dump_json", "dict", "json"})
MSGSPEC_BASES = frozenset({"msgspec.Struct"})
#: functions that make an instance of a class out of the attributes of another -> the position of the class
CONVERTING = {"msgspec.convert": 1}
#: methods of FastAPI's routers by which a function becomes a route whose answer goes through a response model
ROUTES = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "trace", "api_route"})
ROUTERS = frozenset(
    {
        "fastapi.APIRouter",
        "fastapi.routing.APIRouter",
        "fastapi.FastAPI",
        "fastapi.applications.FastAPI",
    }
)
#: decorators of a pydantic model's methods after which what is validated may be something else than the instance
REPLACING = frozenset({"model_validator", "root_validator"})
#: settings of a pydantic model by which attributes have other names than fields
RENAMING = frozenset({"alias_generator"})
BY_NAME = frozenset({"populate_by_name", "validate_by_name", "allow_population_by_field_name"})
