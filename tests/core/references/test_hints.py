"""What is told of a file from its bytes, before anything parses it: never a build too few."""

from posixpath import join, normpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common_sync.core.paths import is_below
from common_sync.core.references.hints import may_build_at

PLACE = "/repo/services/api"
BUILDS = {
    "another service": (b"services: {x: {build: services/web}}", "/repo", False),
    "another service, with a context": (b"build:\n  context: ./services/web\n", "/repo", False),
    "two others": (b'"build": "web"\nbuild:\n  "context" : \'cron\'\n', "/repo/services", False),
    "nothing": (b"services: {x: {image: redis, rebuild: ., build-args: .}}", "/repo", False),
    "an image": (b"image: [", "/repo", False),
    "the service, by its name": (b"build: api", "/repo", True),
    "an image of its name": (b"image: team/api:1", "/repo", True),
    "a folder above": (b"build: services", "/repo", True),
    "a folder above, roundabout": (b"build: ./web/..", "/repo/services", True),
    "the folder that the file is in": (b"build:\n  context: .\n", "/repo/services", True),
    "no context: the folder itself": (b"build: {dockerfile: x}", "/repo", True),
    "one context for two builds": (b"build: {context: web}\nbuild: {target: x}", "/repo/services", True),
    "an anchor": (b"build: *there", "/repo", True),
    "another file": (b"include: [x.yml]", "/repo", True),
    "another file's service": (b"extends: {file: x.yml}", "/repo", True),
    "an escape": (b'build: "\\x61pi"', "/repo", True),
    "UTF-16": ("build: web".encode("utf-16"), "/repo", True),
    "bytes that are no text": (b"build: \xff", "/repo", False),
}


@pytest.mark.parametrize("name", BUILDS)
def test_what_a_broken_compose_file_may_build(name: str) -> None:
    """A service would be called proven that a file builds which nobody can read; or all be warned of by one broken file."""
    data, folder, expected = BUILDS[name]
    assert may_build_at(data, folder, PLACE) is expected


folders = st.lists(st.sampled_from(["services", "api", "web", "..", ".", ""]), max_size=4).map("/".join)


@given(folders, st.sampled_from(["build: {}", "build:\n  context: '{}'", "x: {{build: {{target: t, context: {} }} }}"]))
def test_no_build_is_missed(context: str, written: str) -> None:
    """A build of the service would be passed over for how its context is written."""
    data = f"{written.format(context)}\nbroken: [".encode()
    if is_below(PLACE, normpath(join("/repo", context))):
        assert may_build_at(data, "/repo", PLACE)
