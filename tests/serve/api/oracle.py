"""OpenAI's published schema as a judge of what the server sends; skipped where it is not there."""

import json
from functools import cache
from typing import Any

import jsonschema
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from shared_data import shared_data

NAME = "oracles/openai-openapi.json"


@cache
def description() -> dict[str, Any]:
    return nulls_allowed(json.loads(shared_data(NAME).read_text()))


def nulls_allowed(schema: Any) -> Any:
    """`nullable`, which OpenAPI 3.0 had and the file still uses, as JSON Schema says it."""
    if isinstance(schema, list):
        return [nulls_allowed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: nulls_allowed(each) for name, each in schema.items()}
    return {"anyOf": [inner, {"type": "null"}]} if schema.get("nullable") is True else inner


@cache
def judge(name: str) -> jsonschema.Draft202012Validator:
    registry = Registry().with_resource(
        "urn:openai", Resource(description(), specification=DRAFT202012)
    )
    reference = {"$ref": f"urn:openai#/components/schemas/{name}"}
    return jsonschema.Draft202012Validator(reference, registry=registry)


def check(name: str, value: object) -> None:
    """Fails with the deepest complaint."""
    error = jsonschema.exceptions.best_match(judge(name).iter_errors(value))
    assert error is None, f"{name}: {error.json_path}: {error.message}"
