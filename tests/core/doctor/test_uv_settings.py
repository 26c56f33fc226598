"""What uv refuses in its files of settings. Each row was tried with uv 0.13."""

import pytest
from support.contexts import BASE, FILES, troubles_of

UV = BASE + "COPY . .\nRUN uv pip install --system ./common\n"
PROJECT = '[project]\nname = "api"\nversion = "1"\n[tool.uv]\n'
ROWS = {
    "a version of uv": (UV, {"uv.toml": 'required-version = "<0.1"\n'}, "CS213"),
    "a version of uv, or newer": (UV, {"uv.toml": 'required-version = ">=0.4,>0.3"\n'}, ""),
    "a version of uv, in the project": (UV, {"pyproject.toml": PROJECT + 'required-version = "==0.5.1"\n'}, "CS213"),
    "a key that it does not know": (UV, {"uv.toml": "no-such-key = 1\n"}, "CS213"),
    "a key that it does not know, for pip": (UV, {"uv.toml": "[pip]\nno-such-key = 1\n"}, "CS213"),
    "a key that it does not know, in the project": (UV, {"pyproject.toml": PROJECT + "no-such-key = 1\n"}, ""),
    "a key of projects": (UV, {"uv.toml": "managed = false\n"}, "CS213"),
    "a value that is no switch": (UV, {"uv.toml": 'no-build = "yes"\n'}, "CS213"),
    "a value that it does not know": (UV, {"uv.toml": 'link-mode = ["bad"]\n'}, "CS213"),
    "no TOML": (UV, {"uv.toml": "a =\n"}, "CS213"),
    "a folder above": (
        UV.replace("RUN ", "COPY bad.toml /uv.toml\nRUN "),
        {"bad.toml": "no-such-key = 1\n", "pyproject.toml": "[project]\n"},
        "CS213",
    ),
    "what it knows": (UV, {"uv.toml": 'link-mode = "copy"\ncompile-bytecode = true\n[pip]\nsystem = true\n'}, ""),
    "nobody reads it": (UV.replace("uv pip", "uv --no-config pip"), {"uv.toml": "no-such-key = 1\n"}, ""),
    "pip does not read it": (BASE + "COPY . .\nRUN pip install ./common\n", {"uv.toml": "no-such-key = 1\n"}, ""),
}


@pytest.mark.parametrize("name", ROWS)
def test_what_uv_refuses_in_its_settings_is_not_proven(name: str) -> None:
    """A build would be called proven that uv ends before it installs anything; or one that works, not."""
    dockerfile, files, expected = ROWS[name]
    assert " ".join(one.code for one in troubles_of(dockerfile, {**FILES, **files})) == expected
