"""What the one reader of compose files says of each form that Compose takes."""

import pytest

from common_sync.core.formats.compose.built import BuiltService, Layer, find_context, locate_service
from common_sync.core.formats.compose.file import ComposeFile, Reference, read_compose_file
from common_sync.core.formats.compose.names import Stack, find_stack
from common_sync.edges.files.yaml import parse_documents


def read(text: str) -> ComposeFile:
    """Read a file."""
    return read_compose_file(parse_documents(text))


def built(text: str) -> BuiltService | None:
    """Return how the only service of a file in /repo/deploy is built."""
    (service,) = read(f"services: {{s: {text}}}").services
    return locate_service([Layer("/repo/deploy/compose.yml", "/repo/deploy", service)])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{args: {A: 1, B: '', C: , D: null, E: [x], <<: {F: $$x}}}", [("A", "1"), ("B", ""), ("C", None), ("D", None), ("E", None), ("F", "$$x")]),
        ("{args: [A=1, B=, C, D=a=b, [x]]}", [("A", "1"), ("B", ""), ("C", None), ("D", "a=b"), ("", None)]),
        ("{args: x}", []),
    ],
)  # fmt: skip
def test_arguments(text: str, found: list[tuple[str, str | None]]) -> None:
    """A build would be followed with another value than it is given."""
    one = built(f"{{build: {text}}}")
    assert one is not None
    assert [(argument.name, argument.value) for argument in one.section.arguments] == found


def test_contexts_with_names() -> None:
    """A COPY would be followed into another folder than the build takes."""
    one = built("{build: {additional_contexts: {a: ../x, b: 'docker-image://y', c: '${Z}', d: }}}")
    assert one is not None
    assert [(context.name, context.value) for context in one.contexts] == [
        ("a", "/repo/x"),
        ("b", None),
        ("c", None),
        ("d", None),
    ]


@pytest.mark.parametrize(
    ("build", "context", "dockerfile", "doubtful"),
    [
        ("..", "/repo", "/repo/Dockerfile", False),
        ("{dockerfile: ../x}", "/repo/deploy", "/repo/x", False),
        ("{context: a, dockerfile: /x}", "/repo/deploy/a", "/x", False),
        ("{context: '${A:-b}', dockerfile: '${C}'}", "/repo/deploy/b", "/repo/deploy/b/?", True),
        ("{target: '${A}'}", "/repo/deploy", "/repo/deploy/Dockerfile", True),
        ("{dockerfile_inline: FROM x, dockerfile: '${A}'}", "/repo/deploy", "", False),
        ("{dockerfile_inline: 'FROM ${A}'}", "/repo/deploy", "", True),
    ],
)
def test_where_a_build_lies(build: str, context: str, dockerfile: str, doubtful: bool) -> None:
    """A build would be followed from another folder, or a guess be taken for what is so."""
    one = built(f"{{build: {build}}}")
    assert one is not None
    assert (one.context, one.dockerfile, one.doubtful) == (context, dockerfile, doubtful)


@pytest.mark.parametrize(
    ("build", "text"),
    [
        ("{dockerfile_inline: 'FROM x'}", "FROM x"),
        ("{dockerfile_inline: 'FROM ${A:-x}\n\nRUN $$B'}", "FROM x\nRUN $B"),
        ("{dockerfile_inline: 'FROM $A'}", None),
        ("{dockerfile: FROM}", None),
    ],
)
def test_a_dockerfile_that_stands_in_a_compose_file(build: str, text: str | None) -> None:
    """Another Dockerfile would be followed than Docker is given: variables are put in before."""
    one = built(f"{{build: {build}}}")
    assert one is not None
    assert one.inline == text


@pytest.mark.parametrize(
    ("build", "outside"),
    [
        ("api", False),
        ("api/deep", False),
        ("{context: api, dockerfile: ../Dockerfile}", True),
        ("{dockerfile: api/Dockerfile}", False),
        ("api-old", True),
        ("{context: api, dockerfile_inline: FROM x}", False),
        ("{context: ., dockerfile_inline: FROM x}", True),
    ],
)
def test_whose_dockerfile_it_is(build: str, outside: bool) -> None:
    """A service would be told to get a Dockerfile of its own that has one, or not be told."""
    one = built(f"{{build: {build}}}")
    assert one is not None
    assert one.outside("/repo/deploy/api") is outside


CONTEXTS = [
    (["{build: api}"], "/repo/0/api"),
    (["{build: {context: ../api/.}}", "{build: web}"], "/repo/api"),
    (["{build: {target: x}}", "{image: i}", "{build: web}"], "/repo/2/web"),
    (["{build: '${A:-api}'}", "{build: web}"], ""),
    (["{build: https://x/y.git}"], ""),
    (["{build: {target: x}}", "{image: i}"], ""),
    ([], ""),
]


@pytest.mark.parametrize(("texts", "context"), CONTEXTS)
def test_the_context_that_is_written_out(texts: list[str], context: str) -> None:
    """A line that leads nowhere would be held against a service that it is not about, or against none."""
    services = (read(f"services: {{s: {text}}}").services[0] for text in texts)
    layers = [Layer(f"/repo/{number}/x.yml", f"/repo/{number}", one) for number, one in enumerate(services)]
    assert find_context(layers) == context


@pytest.mark.parametrize(
    ("names", "stack"),
    [
        (["docker-compose.yaml", "docker-compose.yml"], Stack("docker-compose.yml")),
        (["docker-compose.yml", "compose.yml", "compose.override.yaml"], Stack("compose.yml", "compose.override.yaml")),
        (["compose.yaml", "docker-compose.override.yml"], Stack("compose.yaml", "docker-compose.override.yml")),
        (["compose.override.yml", "compose.dev.yml"], Stack()),
    ],
)
def test_which_files_compose_takes_by_itself(names: list[str], stack: Stack) -> None:
    """A build would be followed without what `docker compose up` puts over it."""
    assert find_stack(names) == stack


@pytest.mark.parametrize(
    "text", ["{image: x}", "{build: }", "{build: !reset {context: .}}", "{build: [x]}", "{build: git@x:y}", "x"]
)
def test_what_builds_nothing(text: str) -> None:
    """A run would end with a traceback, or follow what nobody builds."""
    assert built(text) is None


def test_what_is_included_and_extended() -> None:
    """A build would be missed because it stands in another file."""
    text = (
        "include:\n  - a.yml\n  - path: [b.yml, '${C}.yml', https://x/y, {x: y}]\n    project_directory: d\n  - path: [c.yml, https://x/y]\n  - {env_file: x}\n"
        "services:\n  a: {extends: b}\n  b: {extends: {file: e.yml, service: s}}\n  c: {extends: {file: '${E}', service: s}}\n"
        "  d: {extends: {file: e.yml}}\n  e: {extends: }\n"
    )
    found = read(text)
    told = "a variable tells what is meant"
    assert found.includes == (
        Reference(2, "a.yml"),
        Reference(3, "b.yml", folder="d", unknown=told, over=("${C}.yml", "https://x/y")),
        Reference(5, "c.yml", unknown="`https://x/y` is no path in this repository", over=("https://x/y",)),
    )
    assert [one.extends for one in found.services] == [
        Reference(8, "", "b"),
        Reference(9, "e.yml", "s"),
        Reference(10, "${E}", "s", unknown=told),
        None,
        None,
    ]


def test_what_a_layer_takes_from_those_below() -> None:
    """A service that extends another would be followed without what it begins with, or from the wrong folder."""
    files = {
        "/repo/a/x.yml": "{build: {dockerfile: D, args: {A: 2}}, volumes: ['./own:/data', '.:/app']}",
        "/repo/b/y.yml": "{build: {context: ctx, target: t, args: {A: 1, B: 1}}, volumes: ['./base:/data', 'v:/v']}",
        "/repo/c/z.yml": "{image: x}",
    }
    layers = [
        Layer(file, file.rpartition("/")[0], read(f"services: {{s: {text}}}").services[0])
        for file, text in files.items()
    ]
    one = locate_service(layers)
    assert one is not None
    assert (one.file, one.context, one.dockerfile) == ("/repo/b/y.yml", "/repo/b/ctx", "/repo/b/ctx/D")
    assert (one.file_of(one.section.dockerfile), one.file_of(None)) == ("/repo/a/x.yml", "/repo/a/x.yml")
    assert [(argument.name, argument.value) for argument in one.section.arguments] == [("A", "2"), ("B", "1")]
    assert [(mount.source, mount.target) for mount in one.mounts] == [
        ("/repo/a/own", "/data"),
        ("/repo/a", "/app"),
        (None, "/v"),
    ]


def test_what_is_taken_from_other_files() -> None:
    """A build would seem the same while its lines come from another file than before, or one for each comment."""
    text = "include: [a.yml, {path: b.yml, project_directory: c}]\nservices: {x: {extends: {file: d.yml, service: e}}, y: {}}"
    taken = {("", "a.yml", "", ""), ("", "b.yml", "", "c"), ("x", "d.yml", "e", "")}
    assert read(text).taken == read(f"# a comment\n{text}").taken == taken
    assert read("").taken == frozenset()


@pytest.mark.parametrize(
    ("above", "context", "arguments", "mounts"),
    [
        ("{build: {args: {B: 2}}, volumes: ['./b:/b']}", "/repo/x", ["A", "B"], ["/b", "/a"]),
        ("{build: !override {dockerfile: D}}", None, [], ["/a"]),
        ("{build: {args: !override [B=2]}}", "/repo/x", ["B"], ["/a"]),
        ("{build: {context: !reset null, args: !reset null}}", "/repo", [], ["/a"]),
        ("{volumes: !reset [], build: {target: !reset t}}", "/repo/x", ["A"], []),
        ("{volumes: !override ['./b:/b']}", "/repo/x", ["A"], ["/b"]),
    ],
)
def test_what_is_taken_back(above: str, context: str | None, arguments: list[str], mounts: list[str]) -> None:
    """A build would be followed with what Compose leaves out: https://docs.docker.com/reference/compose-file/merge/."""
    below = "{build: {context: x, args: {A: 1}}, volumes: ['./a:/a']}"
    services = (read(f"services: {{s: {text}}}").services[0] for text in (above, below))
    one = locate_service([Layer("/repo/compose.yml", "/repo", service) for service in services])
    assert one is not None
    assert one.context == (context or "/repo")
    assert [argument.name for argument in one.section.arguments] == sorted(arguments)
    assert [mount.target for mount in one.mounts] == mounts
    (merged,) = read(f"services: {{s: {below}}}\n---\nservices: {{s: {above}}}\n").services
    assert merged.build is not None
    assert [argument.name for argument in merged.build.arguments] == sorted(arguments)
    assert [mount.target for mount in merged.mounts] == mounts


def test_what_takes_a_build_back() -> None:
    """An image would be followed that nobody builds any more."""
    services = [read(f"services: {{s: {text}}}").services[0] for text in ("{build: !reset null}", "{build: x}")]
    assert locate_service([Layer("/repo/compose.yml", "/repo", service) for service in services]) is None


def test_documents_are_merged_in_their_order() -> None:
    """Compose takes a file of several documents, and a build would be followed by the first one's words."""
    found = read(
        "services: {a: {build: x}, b: {image: i}}\n---\n---\nservices: {a: {build: {dockerfile: D}}, b: {build: .}}\n"
    )
    assert [(one.name, one.build and one.build.build[:2]) for one in found.services] == [
        ("a", ("x", "D")),
        ("b", (".", "Dockerfile")),
    ]
    assert read("services: {a: {build: x}}\n---\nservices: {a: {image: i}}\n").services[0].build is not None


def test_a_service_is_what_comes_first() -> None:
    """One that is merged in would be taken for the one that is written."""
    (service,) = read("x-s: &s {a: {build: y}}\nservices: {<<: *s, a: {build: x}, [odd]: {}}\n").services
    assert service.build is not None
    assert service.build.build.context == "x"
