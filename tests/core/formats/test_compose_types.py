"""Values of the wrong type in a compose file.

Each row was held against the schema of compose-go; what YAML 1.2 takes for a number (`0o7`, `1e3`) by hand.
"""

import pytest

from common_sync.core.formats.compose.types import find_refused
from common_sync.edges.files.yaml import parse_documents

_STRINGS = ("x", '"5"', "!!str 5", "${X}", "no", "1.2.3", "*a", "''")
_OTHERS = {"5": "a number", "1e3": "a number", "0o7": "a number", ".inf": "a number", "true": "true or false", "": "empty", "~": "empty", "2020-01-01": "a date", "[x]": "a list", "{x: y}": "a mapping"}  # fmt: skip


def _refused(text: str) -> str:
    found = find_refused(parse_documents(text))
    return f"{found.line}: {found.reason}" if found is not None else ""


@pytest.mark.parametrize("key", ["context", "dockerfile", "dockerfile_inline", "target"])
def test_what_has_to_be_a_string_is_one(key: str) -> None:
    """A user would be told that a build is proven which Compose does not begin."""
    text = f"x-a: &a text\nservices:\n  api:\n    build:\n      {key}: "
    assert [_refused(text + value) for value in _STRINGS] == [""] * len(_STRINGS)
    assert _refused(text + "!reset 5") == ""
    for value, kind in _OTHERS.items():
        assert _refused(text + value) == f"5: `{key}` is {kind}, and has to be a string"


_SERVICE = "services:\n  api:\n    "
ROWS = {
    "": "",
    "--- \n": "",
    "services: [a]\n": "1: `services` is a list, and has to be a mapping",
    "services:\n  api:\n": "2: `api` is empty, and has to be a mapping",
    _SERVICE + "build: .\n": "",
    _SERVICE + "build: 5\n": "3: `build` is a number, and has to be a string or a mapping",
    _SERVICE + "build:\n": "3: `build` is empty, and has to be a string or a mapping",
    _SERVICE + "build: !reset\n": "",
    _SERVICE + "dockerfile: x\n": "3: `dockerfile` belongs below `build`",
    _SERVICE + "build: {context: ., x-own: 5}\n": "",
    _SERVICE + "build: {context: ., dockerFile: x}\n": "3: `build` has no `dockerFile`",
    _SERVICE + "build: {additional_contexts: 5}\n": "3: `additional_contexts` is a number, and has to be a mapping or a list",
    _SERVICE + "build: {additional_contexts: x}\n": "3: `additional_contexts` is a string, and has to be a mapping or a list",
    _SERVICE + "build: {additional_contexts: {a: ../a}}\n": "",
    _SERVICE + "build: {additional_contexts: {a: [../a]}}\n": "3: `a` is a list, and has to be a string or a number or true or false or empty or a date",
    _SERVICE + "build: {additional_contexts: [a=../a]}\n": "",
    _SERVICE + "build: {additional_contexts: [5]}\n": "3: `additional_contexts` is a number, and has to be a string",
    _SERVICE + "build: {args: [A, A]}\n": "3: `A` stands in `args` twice",
    _SERVICE + "build: {args: {A: 5, B: true, C: }}\n": "",
    _SERVICE + "volumes: .:/x\n": "3: `volumes` is a string, and has to be a list",
    _SERVICE + "volumes: [.:/x, {type: bind, source: ., target: /y}]\n": "",
    _SERVICE + "volumes: [{type: bind, source: 5, target: /y}]\n": "3: `source` is a number, and has to be a string",
    _SERVICE + "extends: 5\n": "3: `extends` is a number, and has to be a string or a mapping",
    _SERVICE + "extends: {service: [a]}\n": "3: `service` is a list, and has to be a string",
    "include: x.yml\n": "1: `include` is a string, and has to be a list",
    "include: [x.yml, {path: [a, b], project_directory: .}]\n": "",
    "include: [5]\n": "1: `include` is a number, and has to be a string or a mapping",
    "include: [{path: [5]}]\n": "1: `path` is a number, and has to be a string",
    "x-b: &b {context: 5}\nservices:\n  api:\n    build: {<<: *b}\n": "1: `context` is a number, and has to be a string",
    "x-b: &b {context: 5}\nservices:\n  api:\n    build: {<<: *b, context: .}\n": "",
    "services: {a: {image: x}}\n---\nservices: {b: {build: 5}}\n": "3: `build` is a number, and has to be a string or a mapping",
    "services:\n  5: {build: .}\n  ? [a]\n  : {}\n": "",
}  # fmt: skip


@pytest.mark.parametrize("text", ROWS)
def test_a_value_of_the_wrong_type_is_named(text: str) -> None:
    """A user would be told that a build is proven which Compose does not begin; or that one is not that it takes."""
    assert _refused(text) == ROWS[text]
