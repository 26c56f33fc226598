"""Flags of COPY and ADD that an older Docker does not know, and ends at. The versions are those of Docker's release notes.

The classic builder refuses `--exclude` in `make e2e`, and BuildKit of Docker 20.10 did when it was tried by hand. No line `# syntax=` was
tried: that needs a network.
"""

import pytest
from support.contexts import BASE, FILES, troubles_of

EXCLUDE = BASE + "COPY --exclude=*.md . .\nRUN pip install ./common\n"
PARENTS = BASE + "COPY . .\nCOPY --parents common/pyproject.toml x/\nRUN pip install ./common\n"
ADD = EXCLUDE.replace("COPY", "ADD")
ROWS = {
    "no syntax": ("", EXCLUDE, "CS213:3"),
    "no syntax, --parents": ("", PARENTS, "CS213:4"),
    "no syntax, ADD": ("", ADD, "CS213:3"),
    "the newest": ("docker/dockerfile:1", EXCLUDE, ""),
    "the newest without a tag": ("docker/dockerfile", PARENTS, ""),
    "the newest by its registry": ("docker.io/docker/dockerfile:latest", ADD, ""),
    "the newest labs": ("docker/dockerfile:labs", PARENTS, ""),
    "the first that has it": ("docker/dockerfile:1.19", EXCLUDE, ""),
    "the last that lacks it": ("docker/dockerfile:1.18.0", EXCLUDE, "CS213:4"),
    "the first that has the other": ("docker/dockerfile:1.20.0", PARENTS, ""),
    "the last that lacks the other": ("docker/dockerfile:1.19", PARENTS, "CS213:5"),
    "the first labs": ("docker/dockerfile:1.7-labs", EXCLUDE, ""),
    "older labs": ("docker/dockerfile:1.6-labs", EXCLUDE, "CS213:4"),
    "a candidate": ("docker/dockerfile:1.19.0-rc1", EXCLUDE, "CS213:4"),
    "a digest": (f"docker/dockerfile:1@sha256:{'0' * 64}", EXCLUDE, "CS213:4"),
    "somebody else's": ("team/dockerfile:1", EXCLUDE, "CS213:4"),
    "a flag that all know": ("docker/dockerfile:1.0", BASE + "COPY --chown=1 . .\nRUN pip install ./common\n", ""),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_flag_that_what_reads_the_file_may_not_know_cannot_be_told(name: str) -> None:
    """A build would be called proven that an engine ends at once, for a flag that is new."""
    syntax, dockerfile, expected = ROWS[name]
    found = troubles_of(f"# syntax={syntax}\n{dockerfile}" if syntax else dockerfile, FILES)
    assert " ".join(f"{one.code}:{one.line}" for one in found) == expected


def test_what_is_wrong_besides_is_still_said() -> None:
    """A library that is left out would not be called missing, because the flag may not be known."""
    found = troubles_of(BASE + "COPY --exclude=common . .\nRUN pip install ./common\n", FILES)
    assert [one.code for one in found] == ["CS213", "CS201"]
