"""Compose files as `doctor` reads them: builds that cannot be followed, and mounts that hide the copy."""

from collections.abc import Mapping
from typing import NamedTuple

import pytest
from support.contexts import BASE, FILES, view_of

from common_sync.core.doctor.checks.compose import check_compose, check_mounts, find_hiding
from common_sync.core.doctor.view import IF_HARMLESS
from common_sync.core.formats.compose.built import BuiltService, Layer, locate_service
from common_sync.core.formats.compose.file import Mount, read_compose_file
from common_sync.core.formats.compose.names import Cause, DeadEnd
from common_sync.edges.files.yaml import parse_documents


def read_layers(path: str, text: str) -> dict[str, Layer]:
    """Return what a compose file of /repo says of each service."""
    file = f"/repo/{path}"
    services = read_compose_file(parse_documents(text)).services
    return {one.name: Layer(file, file.rpartition("/")[0], one) for one in services}


def built(*files: tuple[str, str]) -> list[BuiltService]:
    """Return what the services of the first file build, which is put over the others: paths in /repo, and texts."""
    layers = [read_layers(*file) for file in files]
    found = (locate_service([one[name] for one in layers if name in one]) for name in layers[0])
    return [one for one in found if one is not None]


COMPOSE = """\
services:
  api: &api
    build: {context: ./services/api, target: dev}
    volumes:
      - ./common:/app/common:ro
      - ./services/api:/app
      - data:/app/data
      - /app/common
      - {type: volume, source: old, target: /app}
      - {type: bind, source: ./services/api/common, target: /app/common}
      - ${WHERE}:/app
      - [odd]
  copy:
    <<: *api
    build: services/api
  other:
    image: redis
  remote:
    build: https://example.invalid/x.git
"""


def test_mounts_that_hide_the_copy_are_told_from_those_that_do_not() -> None:
    """What runs would not be what was built, and nobody be told."""
    found = built(("compose.yaml", COMPOSE))
    assert [
        (one.name, one.context, one.dockerfile, one.section.target and one.section.target.value) for one in found
    ] == [
        ("api", "/repo/services/api", "/repo/services/api/Dockerfile", "dev"),
        ("copy", "/repo/services/api", "/repo/services/api/Dockerfile", None),
    ]
    assert [mount.target for mount in found[1].mounts] == [mount.target for mount in found[0].mounts]
    hiding = find_hiding(found[0].mounts, "/app/common", "/repo/services/api/common")
    assert [(mount.line, mount.written) for mount in hiding] == [
        (5, "./common over /app/common"),
        (8, "a volume over /app/common"),
        (9, "a volume over /app"),
    ]


def test_a_mount_elsewhere_hides_nothing() -> None:
    """A folder for data would be called wrong."""
    assert find_hiding((Mount(1, None, "/data", ""), Mount(2, "/x", "/app/common/data", "")), "/app/common", "/c") == []


@pytest.mark.parametrize(
    "text", ["", "services:", "services: {a: }", "services: {a: {build: ''}}", "services: [a]", "a: b"]
)
def test_other_compose_files_build_nothing(text: str) -> None:
    """A compose file of another shape would end the run with a traceback."""
    assert built(("compose.yaml", text)) == []


STAGES = f"{BASE}COPY . .\nFROM python:3.12-slim AS Dev\nCOPY common /lib/common\nFROM python:3.12-slim\nCOPY . /srv\n"
"""A service's Dockerfile: the stage `dev` has the copy in `/lib/common`, the last one in `/srv/common`."""


class Case(NamedTuple):
    """Compose files of /repo, the uppermost first, and what is found: code, file, line, and a part of the message."""

    files: Mapping[str, str]
    found: tuple[tuple[str, str, int | None, str], ...] = ()
    dockerfile: str | None = STAGES


def root(*lines: str) -> dict[str, str]:
    """Return a compose file in /repo with a service `api` that has these lines, the first of them the third of the file."""
    return {"compose.yaml": "\n".join(("services:", "  api:", *(f"    {line}" for line in lines), ""))}


CASES = {
    "its folder": Case(root("build: services/api")),
    "a stage, in other letters": Case(root("build: {context: services/api, target: DEV}")),
    "a stage that is not there": Case(
        root("build:", "  context: services/api", "  target: prod"),
        (("CS213", "compose.yaml", 5, "`api` cannot be followed: there is no stage `prod` in its Dockerfile"),),
    ),
    "a stage that is not there, from the file below": Case(
        {"compose.override.yml": "services:\n  api: {}\n", **root("image: x", "build:", "  context: services/api", "  target: prod")},
        (("CS213", "compose.yaml", 6, "no stage `prod`"),),
    ),
    "a Dockerfile, and another one in the file": Case(
        root("build:", "  context: services/api", "  dockerfile: Dockerfile", "  dockerfile_inline: FROM x"),
        (("CS213", "compose.yaml", 6, "refuses both together"),),
    ),
    "a context with a variable": Case(
        root("image: x", "build: '${WHERE}'"),
        (("CS213", "compose.yaml", 4, "a variable tells what it is built from"),),
    ),
    "a Dockerfile with a variable": Case(
        root("build:", "  context: services/api", "  dockerfile: $FILE"),
        (("CS213", "compose.yaml", 5, "or by which Dockerfile"),),
    ),
    "a Dockerfile outside": Case(
        root("build:", "  dockerfile: docker/api", "  context: ."),
        (("CS213", "compose.yaml", 5, "it is built by `docker/api` from `.`"),),
    ),
    "a Dockerfile outside, of many services": Case(
        {"compose.yaml": "services:\n" + "".join(f"  {one}: {{build: {{dockerfile: docker/api}}}}\n" for one in ("a", "b", "c", "d", "e"))},
        (("CS213", "compose.yaml", 2, "`a`, `b`, `c` and 2 more cannot be followed: they are built by `docker/api` from `.`"),),
    ),
    "a Dockerfile outside, and no context": Case(
        root("image: x", "build: {dockerfile: docker/api}"),
        (("CS213", "compose.yaml", 4, "and not from the service's folder alone"),),
    ),
    "a Dockerfile in the compose file": Case(
        root("build:", "  context: .", "  dockerfile_inline: FROM x"),
        (("CS213", "compose.yaml", 5, "it is built by a Dockerfile in this file from `.`"),),
    ),
    "a Dockerfile that is called like the service": Case(
        root("build: {context: ., dockerfile: services/api-old/Dockerfile}"),
        (("CS213", "compose.yaml", 3, "it is built by `services/api-old/Dockerfile`"),),
    ),
    "a Dockerfile that cannot be parsed": Case(root("build: services/api", "volumes: ['./x:/srv']"), (), None),
    "a file of the service": Case(
        {"services/api/compose.yaml": "services: {api: {build: {target: prod}}}\n"},
        (("CS213", "services/api/compose.yaml", 1, "no stage `prod`"),),
    ),
    "a mount over the copy": Case(
        root("build: services/api", "volumes:", "  - ./services/api/app:/srv/app", "  - ./libs:/srv/common"),
        (("CS207", "compose.yaml", 6, "`api` mounts ./libs over /srv/common, which hides the copy that the image has in /srv/common"),),
    ),
    "a mount over the copy, from the file above": Case(
        {"dev/compose.yaml": "services:\n  api:\n    volumes: [.:/srv]\n", **root("build: services/api")},
        (("CS207", "dev/compose.yaml", 3, "`api` mounts . over /srv, "),),
    ),
    "a mount of the service's folder": Case(root("build: services/api", "volumes: ['./services/api:/srv']")),
    "a mount over the copy of a stage": Case(
        root("build: {context: services/api, target: dev}", "volumes: [/lib]"),
        (("CS207", "compose.yaml", 4, "a volume over /lib, which hides the copy that the image has in /lib/common"),),
    ),
    "a mount over the copy of a stage that nobody runs": Case(root("build: services/api", "volumes: [/lib, /app]")),
    "an image without the copy": Case(root("build: services/api", "volumes: [/srv]"), (), f"{BASE}COPY main.py .\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_compose_makes_of_a_service(name: str) -> None:
    """A service would be proven by a build that nobody runs, or run without its copy; or one that works be warned of."""
    files, expected, dockerfile = CASES[name]
    view = view_of(FILES, *([] if dockerfile is None else [dockerfile]), compositions=built(*files.items()))
    found = [*check_compose(view), *check_mounts(view)]
    assert [(one.code, one.file, one.line) for one in found] == [row[:3] for row in expected]
    for one, (_, _, _, part) in zip(found, expected, strict=True):
        assert part in one.message
    assert {one.service for one in found} <= {"services/api"}


DEAD_ENDS: dict[Cause, tuple[str, str]] = {
    "refused": ("Compose refuses it: there is no service `base` in this file", "take that out"),
    "lost": (
        "it cannot be followed: there is no service `base` in this file",
        f"name a file and a service that are there; {IF_HARMLESS}",
    ),
    "unread": ("it may build the service, and there is no service `base` in this file", f"mend it; {IF_HARMLESS}"),
}


@pytest.mark.parametrize("cause", DEAD_ENDS)
def test_a_line_that_leads_nowhere_is_told_with_what_to_do(cause: Cause) -> None:
    """A service would be called proven though a file that nobody could read builds it; or the remedy mend nothing."""
    end = DeadEnd("/repo/deploy/compose.yaml", 7, "there is no service `base` in this file", cause)
    (found,) = check_compose(view_of(FILES)._replace(dead_ends=(end,)))
    assert found[:5] == ("CS213", "warning", "services/api", "deploy/compose.yaml", 7)
    assert (found.message, found.remedy) == DEAD_ENDS[cause]
    assert end.refused is (cause == "refused")


def test_what_cannot_be_followed_is_said_with_what_to_do() -> None:
    """A person would be told that a build is no proof, and not what makes it one."""
    remedies = {
        "build: $X": f"write it out; {IF_HARMLESS}",
        "build: .": "give the service a Dockerfile of its own, and make its folder the context",
        "build: {context: services/api, target: prod}": "write the name of a stage as `target`",
    }
    for line, remedy in remedies.items():
        (found,) = check_compose(view_of(FILES, STAGES, compositions=built(*root(line).items())))
        assert found.remedy == remedy
