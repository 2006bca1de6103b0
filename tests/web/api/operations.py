"""Every operation of the API's document, with a valid request, and ways to make it invalid."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from webapp.web.api.contract.document import document

KNOWN = {"put_couple": "maya_and_ben", "end_couple": "maya_and_ben", "cancel_session": "evening", "reinstate_session": "evening", "get_chart": "maya", "get_fhir_chart": "maya", "get_printed_chart": "maya",
         "put_care_team": "maya", "put_summary": "evening", "post_zoom": "harbor"}  # fmt: skip
"""What stands in the address, where a new name will not do."""
NUL, FLOOD = "a\0b", 1024 * 1024 + 1


@dataclass(frozen=True)
class Operation:
    """One operation as the document has it."""

    method: str
    path: str
    spec: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.spec["operationId"])

    @property
    def scope(self) -> str:
        security = self.spec["security"]
        return security[0]["token"][0] if security else ""

    @property
    def example(self) -> Any:
        content = self.spec.get("requestBody", {}).get("content", {})
        return copy.deepcopy(content.get("application/json", {}).get("example"))

    @property
    def schema(self) -> dict[str, Any]:
        return resolved(self.spec["requestBody"]["content"]["application/json"]["schema"])

    @property
    def signed(self) -> bool:
        """A webhook: its body is checked by its signature, not by its shape."""
        return self.name == "post_zoom"

    def address(self, task: int = 1) -> str:
        named = KNOWN.get(self.name, "new-1")
        return self.path.replace("{id}", str(task)).replace("{ref}", named).replace(
            "{client}", named
        ).replace("{feed}", named)  # fmt: skip

    def parameters(self, place: str) -> list[dict[str, Any]]:
        return [one for one in self.spec["parameters"] if one["in"] == place]


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def operations() -> list[Operation]:
    return [
        Operation(method.upper(), path, spec)
        for path, methods in document()["paths"].items()
        for method, spec in methods.items()
    ]


def unfit(operation: Operation) -> Iterator[tuple[str, Any, str]]:
    """(what is wrong, a body, the pointer that must be named), for every field of the body, to any depth."""
    whole = operation.example
    yield "a stranger's field", whole | {"no_such_field": 1}, "#/no_such_field"
    yield from _unfit(operation.schema, whole, (), whole)


def _unfit(
    schema: dict[str, Any], part: Any, at: tuple[Any, ...], whole: Any
) -> Iterator[tuple[str, Any, str]]:
    schema = resolved(schema)
    if schema.get("type") == "array" and isinstance(part, list) and part:
        yield from _unfit(schema["items"], part[0], (*at, 0), whole)
        most = schema.get("maxItems")
        if most:
            yield "too many", put(whole, at, (part * (most + 1))[: most + 1]), pointer(at)
        return
    for name, field in schema.get("properties", {}).items():
        here = (*at, name)
        if name in schema.get("required", ()):
            yield f"{name} missing", without(whole, here), pointer(here)
        for what, value in wrong(resolved(field)):
            yield f"{name}: {what}", put(whole, here, value), pointer(here)
        if isinstance(part, dict) and name in part:
            yield from _unfit(field, part[name], here, whole)


def wrong(field: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Values that do not fit a field's schema."""
    plain = next((resolved(o) for o in field.get("anyOf", ()) if o.get("type") != "null"), field)
    yield "an object with nonsense", {"no_such_field": [None]}
    if plain.get("type") != "boolean":
        yield "a truth value", True
    if plain.get("type") == "string":
        yield "a NUL", NUL
        yield "empty", ""
        yield "a flood of letters", "a" * max(5001, plain.get("maxLength", 0) + 1)
        yield "a number", 7
        if "enum" in plain or "const" in plain:
            yield "no such word", "no-such-word"
        if plain.get("format") == "date-time":
            yield "without an offset", "2026-03-04T18:00:00"
            yield "no such day", "2026-02-30T18:00:00Z"
            yield "a number of seconds", 1772665331
    if plain.get("type") == "integer":
        yield "beyond 64 bits", 2**64
        yield "negative", -1
        yield "a fraction", 1.5
        yield "a text", "7"


def pointer(at: tuple[Any, ...]) -> str:
    return "#/" + "/".join(map(str, at))


def put(whole: Any, at: tuple[Any, ...], value: Any) -> Any:
    """`whole` with one place changed."""
    changed = copy.deepcopy(whole)
    inner = changed
    for step in at[:-1]:
        inner = inner[step]
    inner[at[-1]] = value
    return changed


def without(whole: Any, at: tuple[Any, ...]) -> Any:
    changed = copy.deepcopy(whole)
    inner = changed
    for step in at[:-1]:
        inner = inner[step]
    inner.pop(at[-1], None)
    return changed
