"""The OpenAPI document, made from the tables that read the parameters and the models of bodies and answers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from flask import Blueprint, Response, current_app, jsonify
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from webapp.api import health, lists, people_rows, profile, recommend, search, suggest, titles
from webapp.api.shapes import Problem
from webapp.params import Param

blueprint = Blueprint("openapi", __name__)

VERSION = "0.1.0"
REFERENCE = "#/components/schemas/{model}"


@dataclass(frozen=True, slots=True)
class Body:
    """What a request brings: its shape and examples by name, each {"summary", "value"}."""

    shape: type[BaseModel]
    examples: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address; the view's docstring is summary and description.

    `errors` are the codes of ERRORS that it may answer; without them those that fit the address and the tag. `token`
    says that an API token is asked for where the site has any.
    """

    path: str
    view: Any
    params: Sequence[Param]
    answer: type[BaseModel] | None
    tag: str
    method: str = "get"
    body: Body | None = None
    errors: tuple[str, ...] | None = None
    token: bool = False


_BODY_ERRORS = ("400", "401", "413", "415", "422", "429", "503")
ROUTES: tuple[Operation, ...] = (
    Operation("/api/search", search.search, search.PARAMS, search.ANSWER, "Search"),
    Operation("/api/suggest", suggest.suggestions, suggest.PARAMS, suggest.ANSWER, "Search"),
    Operation("/api/titles", titles.titles, titles.LIST_PARAMS, titles.ANSWERS["titles"], "Titles"),
    Operation("/api/titles/{id}", titles.title, titles.ONE_PARAMS, titles.ANSWERS["title"], "Titles"),
    Operation("/api/titles/{id}/similar", titles.similar, titles.SIMILAR_PARAMS, titles.ANSWERS["similar"], "Titles"),
    Operation("/api/user/profile", profile.put, profile.PARAMS, profile.ProfileAnswer, "Recommendations", "post",
              Body(profile.ProfileBody, profile.EXAMPLES), _BODY_ERRORS, token=True),
    Operation("/api/recommend/hybrid", recommend.hybrid, recommend.PARAMS, recommend.HybridAnswer, "Recommendations", "post",
              Body(recommend.HybridBody, recommend.EXAMPLES), (*_BODY_ERRORS, "404"), token=True),
    Operation("/api/people/{id}/home", people_rows.home, people_rows.HOME_PARAMS, people_rows.HomeAnswer, "People",
              errors=("400", "403", "422", "503")),
    Operation("/api/people/{id}/recommendations", people_rows.recommendations, people_rows.BEST_PARAMS,
              people_rows.BestAnswer, "People", errors=("400", "403", "422", "503")),
    Operation("/api/people/{id}/lists", lists.lists, lists.LIST_PARAMS, lists.ListsAnswer, "People",
              errors=("400", "403", "422", "503")),
    Operation("/api/people/{id}/lists/{title}", lists.put, lists.CHANGE_PARAMS, lists.ChangeAnswer, "People", "put",
              Body(lists.EntryBody, lists.EXAMPLES), ("400", "403", "404", "413", "415", "422", "429", "503")),
    Operation("/api/people/{id}/lists/{title}", lists.remove, lists.CHANGE_PARAMS, lists.ChangeAnswer, "People", "delete",
              errors=("400", "403", "422", "429", "503")),
    Operation("/api/people/{id}/lists/{title}/undo", lists.undo, lists.CHANGE_PARAMS, lists.ChangeAnswer, "People", "post",
              Body(lists.UndoBody, lists.UNDO_EXAMPLES), ("400", "403", "413", "415", "422", "429", "503")),
    Operation("/healthz", health.health, (), None, "Operation"),
    Operation("/readyz", health.ready, (), None, "Operation"),
)  # fmt: skip
ERRORS = {
    "400": "The address is not valid UTF-8, or the host is not ours.",
    "401": "The API token is missing or not one of the site's.",
    "403": "Only the person's own browser may do this.",
    "404": "There is nothing under that id.",
    "413": "The body is larger than allowed.",
    "415": "The body is not application/json.",
    "422": "A parameter or an entry of the body is not allowed; the problem names it and says what is.",
    "429": "Too many requests from this address; Retry-After says when to come back.",
    "503": "The engine, the index, the model or the database is not available.",
}


@blueprint.get("/openapi.json")
def document() -> Response:
    """Return the OpenAPI document."""
    return jsonify(spec())


@lru_cache
def spec() -> dict[str, Any]:
    """Return the document."""
    answers = [(route.answer, "serialization") for route in ROUTES if route.answer is not None]
    bodies = [(route.body.shape, "validation") for route in ROUTES if route.body is not None]
    models: Any = [*answers, (Problem, "serialization"), *bodies]
    _, schemas = models_json_schema(models, ref_template=REFERENCE)
    described: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        described.setdefault(route.path, {})[route.method] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Nextep",
            "version": VERSION,
            "description": "Find an anime by name or by what it is about. Errors are problem JSON (RFC 9457).",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": described,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "One of NEXTEP_API_TOKENS; not needed where the site has none.",
                }
            },
        },
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in ROUTES)],
    }


def _operation(route: Operation) -> dict[str, Any]:
    lines = (route.view.__doc__ or "").strip().splitlines()
    schema = {"$ref": REFERENCE.format(model=route.answer.__name__)} if route.answer else {"type": "object"}
    inside = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "integer", "minimum": 0} if name == "title" or (name == "id" and route.path.startswith("/api/titles/")) else {"type": "string"}}
        for name in re.findall(r"{(\w+)}", route.path)
    ]  # fmt: skip
    made: dict[str, Any] = {
        "operationId": route.view.__name__,
        "tags": [route.tag],
        "summary": lines[0],
        "description": " ".join(line.strip() for line in lines[1:]).strip(),
        "parameters": [*inside, *(_parameter(param) for param in route.params)],
        "responses": {
            "200": {"description": "The answer.", "content": {"application/json": {"schema": schema}}},
            **{code: _error(code) for code in sorted(_codes(route) if route.errors is None else route.errors)},
        },
    }
    if route.body is not None:
        content: dict[str, Any] = {"schema": {"$ref": REFERENCE.format(model=route.body.shape.__name__)}}
        if route.body.examples:
            content["examples"] = {name: dict(example) for name, example in route.body.examples.items()}
        made["requestBody"] = {"required": True, "content": {"application/json": content}}
    if route.token:
        # A site without tokens asks for none.
        made["security"] = [{"token": []}, {}]
    return made


def _codes(route: Operation) -> list[str]:
    codes = ["503"] if route.path == "/readyz" else [] if route.path == "/healthz" else ["400", "422", "503"]
    codes += ["404"] if "{id}" in route.path else []
    codes += ["429"] if route.tag == "Search" else []
    return codes


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
    return {re.sub(r"<(?:[^<>]*:)?(\w+)>", r"{\1}", rule) for rule in rules}
