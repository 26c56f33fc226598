"""The JSON Schema of the configuration: editors and `validate-pyproject` say what the program says."""

import json
import sys
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.monorepo import run

from common_sync.core import service_settings
from common_sync.core.configuration import KEYS, parse_configuration
from common_sync.interface.schema import configuration_schema

PUBLISHED = Path(__file__).parents[1] / "docs" / "common-sync.schema.json"
WHOLE = {"master": "common", "services": ["services/*"]}
validate = fastjsonschema.compile(configuration_schema())

FOLDERS = ("common", "./a//b/", "...", "../a", "/a", "~/a", "", ".", "a/../b")
OTHERS = ("CS207", "CS001", "3.12", "3.12.1", "/usr/bin/python3", "uv", "auto", "200M", "5", "17G", "-1M", "pi", "x y")
WORDS = st.sampled_from([*FOLDERS, *OTHERS, "a.service", "dockerignore", "uvicorn a:b --port {port}", "ü"])
VALUES = WORDS | st.lists(WORDS, max_size=3) | st.booleans() | st.integers(-1, 70_000) | st.floats(0, 9)
SERVICE_KEYS = (*service_settings.SERVICE_KEYS, "prot")
SERVICE = st.dictionaries(st.sampled_from(SERVICE_KEYS), VALUES, max_size=4)
DEPLOY = st.dictionaries(st.sampled_from([*service_settings.DEPLOY_KEYS, "usr"]), VALUES, max_size=2)
REPOSITORIES = st.sampled_from(["../platform", "git@example.org:acme/platform.git", "https://example.org/p"])
TABLES = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys((*KEYS, "servces"), VALUES),
        "service": st.dictionaries(st.just("services/api"), SERVICE, max_size=1) | VALUES,
        "master": st.dictionaries(st.sampled_from(["git", "ref", "path", "tag"]), REPOSITORIES | WORDS) | VALUES,
        "deploy": DEPLOY | VALUES,
        "pins": st.dictionaries(st.just("services/api"), WORDS, max_size=1) | VALUES,
    },
)


def is_valid(table: object) -> bool:
    """Tell whether the schema takes a table."""
    try:
        validate(table)
    except fastjsonschema.JsonSchemaException:
        return False
    return True


@given(TABLES, st.booleans())
def test_what_the_program_takes_the_schema_takes(table: dict[str, Any], whole: bool) -> None:
    """An editor would underline what is right."""
    table = WHOLE | table if whole else table
    _, problems = parse_configuration(table, "", "common-sync.toml")
    if not problems:
        validate(table)


@pytest.mark.parametrize(
    "wrong",
    [
        {"master": "../common"},
        {"master": "/common"},
        {"master": 1},
        {"services": []},
        {"services": "services/*"},
        {"servces": ["a"]},
        {"managed": ["gitignore"]},
        {"ignore": ["CS001"]},
        {"copy": "~/x"},
        {"master": {"git": "../platform", "path": "common"}},
        {"master": {"git": "ext::sh", "ref": "v1", "path": "common"}},
        {"master": {"git": "../platform", "ref": "HEAD~1", "path": "common"}},
        {"master": {"git": "../platform", "ref": "v1", "path": "../common"}},
        {"master": {"git": "../platform", "ref": "v1", "path": "common", "tag": "v1"}},
        {"pins": "v1"},
        {"pins": {"services/api": 1}},
        {"pins": {"services/api": "--upload-pack=x"}},
        {"pins": {"services/api": "HEAD~1"}},
        {"deploy": {"min-free": "much"}},
        {"deploy": {"usr": "pi"}},
        {"service": {"services/api": {"prot": 1}}},
        {"service": {"services/api": {"port": 70_000}}},
        {"service": {"services/api": {"port": "80"}}},
        {"service": {"services/api": {"python": "2.7"}}},
        {"service": {"services/api": {"installer": "conda"}}},
        {"service": {"services/api": {"compile": "no"}}},
        {"service": {"services/api": {"after": ["mosquitto"]}}},
        {"service": {"services/api": {"memory": "a lot"}}},
        {"service": {"services/api": {"env-file": "here"}}},
        {"service": {"services/api": {"name": "My API"}}},
        {"service": {"services/api": {"settle": 0}}},
        {"service": {"services/api": {"persistent": ["../x"]}}},
        {"service": {"services/api": {"health": 1}}},
        {"deploy": {"to": "opt"}},
        {"deploy": {"keep": 1}},
    ],
    ids=json.dumps,
)
def test_what_the_program_refuses(wrong: dict[str, Any]) -> None:
    """An editor would keep silent where the next run ends with an error."""
    assert is_valid(WHOLE)
    assert parse_configuration(WHOLE | wrong, "", "common-sync.toml")[1]
    assert not is_valid(WHOLE | wrong)


@pytest.mark.parametrize("key", ["master", "services"])
def test_what_is_missing(key: str) -> None:
    """A configuration without a master would look whole."""
    assert not is_valid({name: value for name, value in WHOLE.items() if name != key})


def test_the_published_file() -> None:
    """Editors would go by the schema of some version before: `python scripts/write_schema.py` writes it anew."""
    assert json.loads(PUBLISHED.read_text()) == configuration_schema()


@pytest.mark.parametrize(("master", "code"), [("common", 0), ("../common", 1)])
def test_validate_pyproject_finds_it(tmp_path: Path, master: str, code: int) -> None:
    """Who checks pyproject.toml in a hook would check all tables but this one."""
    file = tmp_path / "pyproject.toml"
    file.write_text(f'[tool.common-sync]\nmaster = "{master}"\nservices = ["services/*"]\n')
    done = run(str(Path(sys.executable).parent / "validate-pyproject"), str(file), cwd=tmp_path)
    assert (done.code, "tool.common-sync.master" in done.out + done.err) == (code, code == 1), done
