"""`/docs`: the API on one page, made from its OpenAPI description.

Nothing is loaded from elsewhere, and no script runs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.show.page import Pages

Json = Mapping[str, Any]

TAGS = (
    *("Models", "Chat", "Responses", "Completions", "Embeddings", "Moderations"),
    *("Tokens", "Server"),
)
"""Tags shown on the page, in this order; the routes of our own pages have other tags."""


@dataclass(frozen=True, slots=True)
class Field:
    """Field of a request."""

    name: str
    kind: str
    required: bool
    meaning: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Operation of the API."""

    tag: str
    method: str
    path: str
    meaning: str
    fields: tuple[Field, ...]
    statuses: tuple[str, ...]

    @property
    def anchor(self) -> str:
        """Id of its place on the page."""
        return f"{self.method}{self.path}".replace("/", "-").strip("{}").lower()


def api_page_routes(app: FastAPI, identity: Identity, pages: Pages) -> APIRouter:
    """Make the route; it needs no login, and shows the bar's tabs to those who have one."""
    router = APIRouter(include_in_schema=False)

    @router.get("/docs", response_class=HTMLResponse)
    def api_page(
        request: Request, person: Annotated[Person | None, Depends(identity.recognised)]
    ) -> Response:
        """Show every endpoint with its fields."""
        shown = endpoints(app.openapi())
        groups = [(tag, [each for each in shown if each.tag == tag]) for tag in TAGS]
        base = str(request.base_url).rstrip("/")
        return pages.show(request, "api.html", {"groups": groups, "base": base}, person=person)

    return router


def endpoints(description: Json) -> list[Endpoint]:
    """Return the operations of an OpenAPI description that have one of `TAGS`."""
    schemas = description.get("components", {}).get("schemas", {})
    return [
        Endpoint(
            tag=operation["tags"][0],
            method=method.upper(),
            path=path,
            meaning=operation.get("description", ""),
            fields=tuple(body_fields(operation, schemas)),
            statuses=tuple(sorted(operation["responses"])),
        )
        for path, operations in description["paths"].items()
        for method, operation in operations.items()
        if operation.get("tags", [""])[0] in TAGS
    ]


def body_fields(operation: Json, schemas: Json) -> Iterator[Field]:
    """Yield the fields of a JSON body, the required ones first."""
    content = operation.get("requestBody", {}).get("content", {})
    schema = resolved(content.get("application/json", {}).get("schema", {}), schemas)
    required = schema.get("required", [])
    properties = schema.get("properties", {})
    for name in sorted(properties, key=lambda name: name not in required):
        each = properties[name]
        yield Field(name, kind_of(each), name in required, each.get("description", ""))


def resolved(schema: Json, schemas: Json) -> Json:
    """Return the schema that a reference points to."""
    reference = schema.get("$ref", "")
    found: Json = schemas.get(reference.rpartition("/")[2], schema) if reference else schema
    return found


def kind_of(schema: Json) -> str:
    """Return a type in a few words, as `string or list of integer`, with its bounds."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        kinds = [kind_of(each) for each in schema["anyOf"] if each.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "const" in schema or "enum" in schema:
        return ", ".join(f'"{value}"' for value in schema.get("enum", [schema.get("const")]))
    kind = str(schema.get("type", "any"))
    if kind == "array":
        return f"list of {kind_of(schema.get('items', {}))}"
    return kind + bounds_of(schema)


def bounds_of(schema: Json) -> str:
    """Return ` 0 to 2` where both ends are given and short; error messages name the others."""
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    if low is None or high is None or abs(high) > 10_000:
        return ""
    return f" {low:g} to {high:g}"
