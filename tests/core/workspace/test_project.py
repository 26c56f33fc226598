"""What a member asks for, and takes from the workspace."""

import tomllib

import pytest

from common_sync.core.workspace.project import list_from_workspace

NEEDS = '[project]\ndependencies = ["Our_Common[x]>=1", "other"]\n'


@pytest.mark.parametrize(
    ("own", "root", "taken"),
    [
        (NEEDS, "", set()),
        (NEEDS + "[tool.uv.sources]\nour-common = { workspace = true }\n", "", {"our-common"}),
        (NEEDS, "[tool.uv.sources]\nour_common = { workspace = true }\n", {"our-common"}),
        (NEEDS + '[tool.uv.sources]\nour-common = { path = "x" }\n', "[tool.uv.sources]\nour-common.workspace = true\n", set()),
        ("[tool.uv.sources]\nour-common = { workspace = true }\n", "", set()),
        (NEEDS + '[tool.uv.sources]\nother = [{ workspace = true, extra = "x" }, { index = "y" }]\n', "", {"other"}),
    ],
    ids=["from an index", "by itself", "by the root", "by itself from elsewhere", "what nobody asks for", "one of several"],
)  # fmt: skip
def test_what_is_taken_from_the_workspace(own: str, root: str, taken: set[str]) -> None:
    """A service would get a copy of what uv has for it, or be without a library that nothing brings."""
    assert list_from_workspace(tomllib.loads(own), tomllib.loads(root)) == taken
