"""Scenes of copies: CS001 to CS018."""

from collections.abc import Mapping

from support.commits import install_hook

from scenes.scene import API, COPY, Scene

_SETTINGS = "our_common/settings.py"
_MASTER_CHANGES = f"echo 'DEBUG = True' > common/{_SETTINGS}\n"
_COPY_IS_EDITED = f"echo 'DEBUG = None' > {COPY}/{_SETTINGS}\n"

_PINNED = f"""\
git tag v1
{_MASTER_CHANGES}
common-sync distribute
common-sync pin api v1
git add -A
git commit -q --date 2026-03-01T12:00:00 -m pinned
"""

_EVENTS = {
    "common-sync.toml": """\
services = ["services/*"]

[[library]]
master = "common"
services = ["services/w*"]

[[library]]
master = "libs/events"
copy = "libs/events"
services = ["services/api"]
""",
    "libs/events/our_events/__init__.py": "",
    "libs/events/pyproject.toml": '[project]\nname = "our-events"\nversion = "2.0"\n',
}
"""A second library, and a service for each."""

_NEEDS = '[tool.uv.sources]\nour-common = { path = "../../common" }\n'

COPIES: Mapping[str, Scene] = {
    "CS001": Scene("common-sync verify", before=_MASTER_CHANGES),
    "CS002": Scene("common-sync verify", before=f"rm {COPY}/{_SETTINGS}"),
    "CS003": Scene("common-sync verify", before=_COPY_IS_EDITED),
    "CS004": Scene("common-sync verify", before=f"{_MASTER_CHANGES}common-sync distribute worker\n{_COPY_IS_EDITED}"),
    "CS005": Scene("common-sync verify", {f"{COPY}/our_common/mine.py": "mine = 1\n"}),
    "CS006": Scene("common-sync verify", before=f"rm {COPY}/.common-sync.json"),
    "CS007": Scene(
        "common-sync verify",
        before=f"{_MASTER_CHANGES}common-sync distribute worker\ncp common/{_SETTINGS} {COPY}/{_SETTINGS}",
    ),
    "CS008": Scene(
        f"common-sync verify --copy {COPY}", before=f"sed -i '/tree/s/cs1:..../cs1:0000/' {COPY}/.common-sync.json"
    ),
    "CS009": Scene(
        "git commit -m 'a change'",
        before=f"{_MASTER_CHANGES}common-sync distribute\ngit add common services/worker",
        act=lambda repo, _: install_hook(repo, "--check"),
    ),
    "CS010": Scene(
        "common-sync verify", before=f"{_PINNED}rm -r {COPY}\nsed -i 's/cs1:..../cs1:0000/' common-sync.lock"
    ),
    "CS011": Scene("common-sync verify", before=f"{_PINNED}rm common-sync.lock"),
    "CS012": Scene(
        "common-sync doctor",
        _EVENTS
        | {
            "common-sync.toml": _EVENTS["common-sync.toml"]
            .replace("services/w*", "services/*")
            .replace('copy = "libs/events"\n', "")
        },
        before="common-sync distribute",
    ),
    "CS013": Scene(
        "common-sync verify --deep",
        before=f"{_PINNED}sed -i \"s/^commit = .*/commit = '$(git rev-parse HEAD)'/\" common-sync.lock",
    ),
    "CS014": Scene("common-sync update", before=f"{_PINNED}git tag -f v1"),
    "CS015": Scene(
        "common-sync verify",
        {**_EVENTS, "libs/events/pyproject.toml": _EVENTS["libs/events/pyproject.toml"] + _NEEDS},
        before=f"rm -r {COPY}\necho fastapi > {API}/requirements.txt\ncommon-sync distribute",
    ),
    "CS017": Scene("common-sync promote api", before=_MASTER_CHANGES + _COPY_IS_EDITED),
    "CS018": Scene(
        "cat services/worker/requirements.txt\ncommon-sync verify",
        {**_EVENTS, "services/worker/requirements.txt": "-e ./common\n-e ../../libs/events\n"},
        before=f"rm -r {COPY}\necho fastapi > {API}/requirements.txt\ncommon-sync distribute",
    ),
}
