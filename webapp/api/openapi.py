"""The OpenAPI document, made from the tables that read the parameters and the models of the answers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from flask import Blueprint, Response, current_app, jsonify
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from webapp.api import health, search, suggest, titles
from webapp.api.shapes import Problem
from webapp.params import Param

blueprint = Blueprint("openapi", __name__)

VERSION = "0.1.0"
REFERENCE = "#/components/schemas/{model}"
# Path, view (its docstring is the summary), parameters, answer.
ROUTES: tuple[tuple[str, Any, Sequence[Param], type[BaseModel] | None, str], ...] = (
    ("/api/search", search.search, search.PARAMS, search.ANSWER, "Search"),
    ("/api/suggest", suggest.suggestions, suggest.PARAMS, suggest.ANSWER, "Search"),
    ("/api/titles", titles.titles, titles.LIST_PARAMS, titles.ANSWERS["titles"], "Titles"),
    ("/api/titles/{id}", titles.title, titles.ONE_PARAMS, titles.ANSWERS["title"], "Titles"),
    ("/api/titles/{id}/similar", titles.similar, titles.SIMILAR_PARAMS, titles.ANSWERS["similar"], "Titles"),
    ("/healthz", health.health, (), None, "Operation"),
    ("/readyz", health.ready, (), None, "Operation"),
)
ERRORS = {
    "400": "The address is not valid UTF-8, or the host is not ours.",
    "404": "There is no such title.",
    "422": "A parameter is not allowed; the problem names it and says what is.",
    "429": "Too many searches from this address; Retry-After says when to come back.",
    "503": "The engine, the index or the model is not available.",
}


@blueprint.get("/openapi.json")
def document() -> Response:
    """Return the OpenAPI document."""
    return jsonify(spec())


@lru_cache
def spec() -> dict[str, Any]:
    """Return the document."""
    models: list[type[BaseModel]] = [model for _, _, _, model, _ in ROUTES if model is not None]
    models.append(Problem)
    _, schemas = models_json_schema([(model, "serialization") for model in models], ref_template=REFERENCE)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Nextep",
            "version": VERSION,
            "description": "Find an anime by name or by what it is about. Errors are problem JSON (RFC 9457).",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": {path: {"get": _operation(path, *rest)} for path, *rest in ROUTES},
        "components": {"schemas": schemas["$defs"]},
        "tags": [{"name": "Search"}, {"name": "Titles"}, {"name": "Operation"}],
    }


def _operation(
    path: str, view: Any, params: Sequence[Param], answer: type[BaseModel] | None, tag: str
) -> dict[str, Any]:
    lines = (view.__doc__ or "").strip().splitlines()
    schema = {"$ref": REFERENCE.format(model=answer.__name__)} if answer else {"type": "object"}
    codes = ["503"] if path == "/readyz" else [] if path == "/healthz" else ["400", "422", "503"]
    codes += ["404"] if "{id}" in path else []
    codes += ["429"] if tag == "Search" else []
    inside = [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 0}}]
    return {
        "operationId": view.__name__,
        "tags": [tag],
        "summary": lines[0],
        "description": " ".join(line.strip() for line in lines[1:]).strip(),
        "parameters": [*(inside if "{id}" in path else []), *(_parameter(param) for param in params)],
        "responses": {
            "200": {"description": "The answer.", "content": {"application/json": {"schema": schema}}},
            **{code: _error(code) for code in sorted(codes)},
        },
    }


def _parameter(param: Param) -> dict[str, Any]:
    schema: dict[str, Any]
    if param.kind == "number":
        schema = {"type": "integer", "minimum": param.low, "maximum": param.high}
    elif param.kind == "flag":
        schema = {"type": "integer", "enum": [0, 1]}
    elif param.kind == "choice":
        schema = {"type": "string", "enum": list(param.choices)}
    else:
        schema = {"type": "string", "maxLength": param.max_length}
    if param.default not in (None, ""):
        schema["default"] = int(param.default) if param.kind == "flag" else param.default
    if param.repeated:
        schema = {"type": "array", "items": schema}
    return {"name": param.name, "in": "query", "required": param.required, "description": param.help, "schema": schema}


def _error(code: str) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": REFERENCE.format(model="Problem")}}}
    return {"description": ERRORS[code], "content": content}


def paths() -> set[str]:
    """Return the API's addresses that the application serves, as OpenAPI writes them (for the tests)."""
    rules = (rule.rule for rule in current_app.url_map.iter_rules() if rule.rule.startswith("/api/"))
    return {rule.replace("<int(max=9007199254740991):id>", "{id}") for rule in rules}
