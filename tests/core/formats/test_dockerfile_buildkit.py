"""What of a Dockerfile only BuildKit takes: each line was tried with the classic builder of Docker 20.10, but for `--platform`."""

import pytest

from common_sync.core.formats.dockerfile.buildkit import find_buildkit
from common_sync.core.formats.dockerfile.syntax import parse_dockerfile

LINES = {
    "RUN --mount=type=cache,target=/c true": "RUN --mount",
    "RUN --network=none true": "RUN --network",
    "COPY --link a /": "COPY --link",
    "COPY --chmod=755 --chown=1 a /": "COPY --chmod",
    "COPY --parents a /": "COPY --parents",
    "ADD --checksum=sha256:1 a /": "ADD --checksum",
    "RUN <<EOF\ntrue\nEOF": "RUN <<EOF",
    "COPY <<A <<B /f/\nhi\nA\nho\nB": "COPY <<A|COPY <<B",
    "FROM --platform=$BUILDPLATFORM b": "FROM --platform=$BUILDPLATFORM",
    "FROM --platform=linux/amd64 b": "",
    "COPY --from=b --chown=1 a /": "",
    "ADD --chown=1 a /": "",
    "HEALTHCHECK --interval=5s CMD true": "",
    "RUN true": "",
}


@pytest.mark.parametrize("line", LINES)
def test_what_only_buildkit_takes_is_found(line: str) -> None:
    """A build would be called proven that the classic builder refuses; or in doubt for a line that it takes."""
    found = [*find_buildkit(parse_dockerfile(f"FROM a\n{line}\n"))]
    assert "|".join(one.written for one in found) == LINES[line]
    assert {one.line for one in found} <= {2}
