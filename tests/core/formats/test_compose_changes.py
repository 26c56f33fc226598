"""Which services of a compose file have changed: no fewer than have, and all where nobody can tell."""

import pytest

from common_sync.core.formats.compose.changes import find_changed_services
from common_sync.edges.files.yaml import parse_documents

FILE = """name: shop
x-base: &base {image: alpine, restart: always}
x-unused: &unused {image: none}
services:
  api:
    <<: *base
    build: {context: services/api, args: {A: 1}}
    networks: {front: {}}
  worker: {build: services/worker, volumes: ["data:/data"], extends: {service: api}, depends_on: [db]}
  batch: {extends: worker}
  db: {image: postgres, links: [api]}
volumes: {data: {}, more: }
networks: {front: {}, default: {driver: bridge}}
"""
ALL = {"api", "worker", "batch", "db"}


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("name: shop", "# more\nname: shop", set()),
        ("driver: bridge", "driver: 'bridge'", None),
        ("image: postgres", "image: redis", {"db"}),
        ("links: [api]", "links: [worker]", {"db"}),
        ("restart: always", "restart: no", {"api", "worker", "batch"}),
        ("image: none", "image: one", set()),
        ("{A: 1}", "{A: '1'}", {"api", "worker", "batch"}),
        ("depends_on: [db]", "depends_on: [api]", {"worker", "batch"}),
        ("batch: {extends: worker}", "batch: {extends: db}", {"batch"}),
        ("  batch: {extends: worker}\n", "", {"batch"}),
        ("  db:", "  new: {}\n  db:", {"new"}),
        ("data: {}", "data: {external: true}", {"worker", "batch"}),
        ("more: }", "more: {}}", set()),
        ("front: {}, d", "front: {internal: true}, d", {"api", "worker", "batch"}),
        ("name: shop\n", "", None),
        ("name: shop", "include: [more.yml]", None),
        ("driver: bridge", "driver: host", None),
        (FILE, "", None),
        (FILE, FILE + "---\nservices: {db: {image: redis}}\n", {"db"}),
        (FILE, FILE.replace("services:", "services:\n  <<: {db: {ports: ['1:1']}}"), {"db"}),
        ("services:\n  api:", "services:\n  [x]: {}\n  api:", set()),
    ],
)  # fmt: skip
def test_which_services_have_changed(old: str, new: str, changed: set[str] | None) -> None:
    """An image would not be built though its compose file has another argument, or all would for a port of one."""
    assert old in FILE
    states = [parse_documents(text) for text in (FILE, FILE.replace(old, new))]
    for before, now in (states, states[::-1]):
        found = find_changed_services(before, now)
        assert (None if found is None else set(found.names)) == changed


def test_the_words_of_what_has_changed() -> None:
    """A service that only another one's environment names would be built, or one whose folder is named would not."""
    after = FILE.replace("image: postgres", "image: redis").replace("links: [api]", "links: [worker]")
    found = find_changed_services(parse_documents(FILE), parse_documents(after))
    assert found is not None
    assert found.words == {"postgres", "redis", "db"}
    assert not (found.words & {"api", "worker", "links"})
