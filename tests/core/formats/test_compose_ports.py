"""The ports of the machine that a compose file publishes."""

import pytest

from common_sync.core.formats.compose.ports import list_published
from common_sync.edges.files.yaml import parse_documents


@pytest.mark.parametrize(
    ("item", "ports", "targets"),
    [
        ("8000:80", (8000, 8000), (80, 80)),
        ("'127.0.0.1:8000:80/tcp'", (8000, 8000), (80, 80)),
        ("'[::1]:8000:80'", (8000, 8000), (80, 80)),
        ("8000-8002:80-82", (8000, 8002), (80, 82)),
        ("{published: 8000, target: 80, protocol: tcp}", (8000, 8000), (80, 80)),
        ("{published: '8000-8001', target: 80}", (8000, 8001), (80, 80)),
        ("{published: 8000, target: 80, protocol: udp}", None, None),
        ("{target: 80}", None, None),
        ("8000:80/udp", None, None),
        ("'127.0.0.1::80'", None, None),
        ("80", None, None),
        ("'${PORT:-8000}:80'", None, None),
        ("'-:80'", None, None),
        ("[8000]", None, None),
    ],
)
def test_each_form(item: str, ports: tuple[int, int] | None, targets: tuple[int, int] | None) -> None:
    """A port of the machine would be missed, or one be named that nobody has taken."""
    found = list(list_published(parse_documents(f"services:\n  api:\n    ports:\n    - {item}\n")))
    seen = [(one.service, one.line, one.ports[0], one.ports[-1], one.targets[0], one.targets[-1]) for one in found]
    assert seen == ([("api", 4, *ports, *targets)] if ports and targets else [])


def test_services_that_are_merged() -> None:
    """Services that come by a merge key, or that publish nothing, would be taken for others."""
    text = "x: &x\n  web: {ports: ['1:2']}\nservices:\n  <<: *x\n  api: {ports: none}\n  [a]: {}\n"
    assert [one.service for one in list_published(parse_documents(text))] == ["web"]
