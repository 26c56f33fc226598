"""`status`: the table for people and the document for scripts."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support.monorepo import Monorepo

DESIGN = Path(__file__).parents[1] / "docs/json.md"

COPY = "services/api/common"


def mess(repo: Monorepo) -> None:
    """Make every kind of difference at once."""
    repo.write(f"{COPY}/our_common/settings.py", "edited\n")
    repo.write(f"{COPY}/mine.py", "edited\n")
    (repo.root / "services/worker/common/wait.sh").unlink()
    repo.write("common/our_common/models/base.py", "newer\n")
    repo.write("services/api/requirements.txt", "-e ./common\n-r dev.txt\n")
    repo.write("services/api/dev.txt", "-r ../../all.txt\n${X}/common\n")
    repo.write("all.txt", "-e ../../common\n")
    repo.write("services/worker/requirements.txt", "\n\n-e ../../common\n")
    repo.write("services/new/app.py")


def test_a_table_of_a_row_a_service(synced: Monorepo) -> None:
    """A person could not see at one glance which services are behind, and which were edited."""
    mess(synced)
    done = synced.run("status")
    assert (done.code, done.err) == (1, "")
    head, *rows = done.out.splitlines()
    assert re.fullmatch(r"common  our-common 1\.2\.3, 5 files, cs1:[0-9a-f]{12}…", head)
    assert rows == [
        "",
        "  SERVICE          VERSION  WHAT",
        "■ services/api     1.2.3    1 edited, 1 unknown, 1 behind; 1 error, 1 warning",
        "○ services/new     -        no copy",
        "○ services/worker  1.2.3    1 missing, 1 behind; a reference to the master",
        "→ .gitattributes  a managed block to write",
        "",
        "versions    1.2.3 in 2  none in 1",
    ]


def test_the_rows_of_some_services(synced: Monorepo) -> None:
    """Somebody who works on one service would look for its row among a hundred."""
    mess(synced)
    done = synced.run("status", "worker")
    assert done.code == 1
    assert [line for line in done.out.splitlines() if "services/" in line] == [
        "○ services/worker  1.2.3    1 missing, 1 behind; a reference to the master"
    ]
    assert synced.run("status", "wroker").code == 2


def test_services_in_sync_are_one_line(synced: Monorepo) -> None:
    """The one service that matters would be lost among three hundred that are as they should be."""
    synced.write(f"{COPY}/our_common/settings.py", "edited\n")
    for number in range(30):
        synced.write(f"services/s{number:02}/app.py")
    assert synced.run("distribute").code == 1
    rows = synced.run("status").out.splitlines()
    assert rows[3:5] == ["■ services/api  1.2.3    1 edited", "· 31 more services in sync (-v names them)"]
    assert "· services/s29     1.2.3    in sync" in synced.run("status", "-v").out.splitlines()


def test_a_service_that_fails_verify_is_not_called_in_sync(synced: Monorepo) -> None:
    """A green row would stand for a service that cannot be built from its own folder."""
    synced.write("services/worker/requirements.txt", "-e ../../common\n")
    assert "→ services/worker  1.2.3    a reference to the master" in synced.run("status").out.splitlines()


def test_only_the_manifest_is_behind(synced: Monorepo) -> None:
    """A copy that is right but for its manifest would look like one that is wrong, or like one in sync."""
    manifest = f"{COPY}/.common-sync.json"
    synced.write(manifest, synced.read(manifest).replace('"1.2.3"', "null"))
    assert synced.run("status").out.splitlines()[3] == "▼ services/api  -        manifest behind"


def test_quiet_is_what_is_not_in_sync(synced: Monorepo) -> None:
    """A script that mails what `status -q` prints would mail each day that all is right."""
    assert synced.run("status", "-q") == (0, "", "")
    synced.write("services/api/common/mine.py", "edited\n")
    lines = synced.run("status", "-q").out.splitlines()
    assert [line.split() for line in lines] == [
        ["SERVICE", "VERSION", "WHAT"],
        ["+", "services/api", "1.2.3", "1", "unknown"],
    ]


def test_in_sync(synced: Monorepo) -> None:
    """A script could not ask whether all is in sync."""
    assert synced.run("status").code == 0
    document = synced.json("status", code=0)
    assert document["in_sync"] is True
    assert document["findings"] == []


TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int,),
    "boolean": (bool,),
    "object": (dict,),
    "list": (list,),
    "string or null": (str, type(None)),
}


def _tables() -> list[dict[str, str]]:
    """Return the fields of the tables in docs/json.md, each with its type."""
    blocks = re.findall(r"\| field \| type .*?\n\|[-|]+\n((?:\|.*\n)+)", DESIGN.read_text())
    return [
        {
            name.strip(" `"): row.split("|")[2].strip()
            for row in block.splitlines()
            for name in row.split("|")[1].split(",")
        }
        for block in blocks
    ]


def _check(document: dict[str, Any], fields: dict[str, str]) -> None:
    assert list(document) == list(fields)
    for name, value in document.items():
        assert type(value) in TYPES[fields[name]], name


@pytest.mark.parametrize("command", ["status", "verify", "diff", "distribute"])
def test_the_document_has_the_fields_that_the_documentation_names(synced: Monorepo, command: str) -> None:
    """A script that was written by the documentation would break."""
    mess(synced)
    document = synced.json(command, code=1)
    top, service, *_ = _tables()  # the others are of several libraries, and of other commands
    if command == "distribute":
        top |= {
            "rewritten": "list",
            "dry_run": "boolean",
            "force": "boolean",
            "changed": "boolean",
            "kept": "string or null",
        }
        service |= {
            "changed": "boolean",
            "operations": "list",
            "rewritten": "list",
            "left": "list",
            "gone": "list",
        }
    if command == "diff":
        top |= {"diff": "list"}
    _check(document, top)
    for one in document["services"]:
        _check(one, service)
        assert all(list(drift) == ["path", "state"] for drift in one["drift"])
        assert all(list(reference) == ["file", "line", "state"] for reference in one["references"])
    assert list(document["master"]) == ["path", "library", "digest", "version", "files"]
    finding = ["code", "severity", "service", "file", "line", "message", "remedy", "mend", "url"]
    assert all(list(one) == finding for one in document["findings"])
    assert (document["schema"], document["command"], document["in_sync"]) == (1, command, False)
    codes = [one["code"] for one in document["findings"]]
    left = ["CS005", "CS003", "CS102", "CS103"]
    assert sorted(codes) == sorted(
        left if command == "distribute" else [*left, "CS001", "CS001", "CS002", "CS002", "CS101", "CS116"]
    )


def test_the_example_of_the_design(synced: Monorepo) -> None:
    """A script that was written by the design's example would break."""
    synced.write("common/our_common/models/base.py", "newer\n")
    synced.write("services/api/requirements.txt", "\n" * 8 + "-e ../../common\n")
    document = synced.json("status", code=1)
    example = json.loads(
        """
        {"schema": 1, "command": "status", "in_sync": false,
         "master": {"path": "common", "digest": "cs1:", "version": "1.2.3", "files": 5},
         "services": [{"name": "services/api", "copy": "services/api/common", "state": "stale", "digest": "cs1:",
                       "drift": [{"path": "our_common/models/base.py", "state": "stale"}],
                       "references": [{"file": "services/api/requirements.txt", "line": 9,
                                       "state": "points-at-master"}]}],
         "findings": [{"code": "CS001", "severity": "error", "service": "services/api",
                       "file": "services/api/common/our_common/models/base.py", "line": null,
                       "message": "behind the master", "remedy": "common-sync distribute services/api"}]}
        """
    )
    assert _shared(document, example) == example


def _shared(value: Any, example: Any) -> Any:  # noqa: ANN401 - JSON
    """Return what a document has of an example: its fields, and its first items; of a digest, the prefix."""
    if isinstance(example, dict):
        return {key: _shared(value[key], example[key]) for key in example}
    if isinstance(example, list):
        return [_shared(one, other) for one, other in zip(value, example, strict=False)]
    return value[:4] if example == "cs1:" else value


def test_what_distribute_says_it_did(synced: Monorepo) -> None:
    """A script could not learn what a run has changed, and what it has left."""
    mess(synced)
    document = synced.json("distribute", code=1)
    api, new, worker = document["services"]
    assert api["operations"] == [{"action": "update", "path": "our_common/models/base.py"}]
    assert api["left"] == ["mine.py", "our_common/settings.py"]
    assert (api["changed"], api["in_sync"], api["rewritten"]) == (True, False, [])
    assert (len(new["operations"]), new["changed"], new["in_sync"]) == (5, True, True)
    assert worker["rewritten"] == ["services/worker/requirements.txt"]
    assert (document["changed"], document["kept"], document["dry_run"]) == (True, None, False)
    document = synced.json("distribute", "--force", "--dry-run", "--diff", code=1)
    assert document["services"][0]["operations"] == [
        {"action": "delete", "path": "mine.py"},
        {"action": "update", "path": "our_common/settings.py"},
    ]
    assert "+DEBUG = False" in document["diff"]
    document = synced.json("distribute", "--force", code=1)
    assert (document["force"], Path(document["kept"]).is_dir()) == (True, True)
    assert [one["changed"] for one in document["services"]] == [True, False, False]
