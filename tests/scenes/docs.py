"""Scenes of the pages in docs/: what their blocks of commands show, in the order in which they stand."""

from collections.abc import Mapping

from scenes.copies import COPIES
from scenes.fleet_page import FLEET_PAGE
from scenes.scene import API, COPY, Scene

_STORE = "common/our_common/store.py"


def _commit(day: str, message: str) -> str:
    """Return the command that commits all that there is, on a day of 2026."""
    return f"git add -A && GIT_AUTHOR_DATE=2026-{day}T12:00:00 git commit -q --allow-empty -m '{message}'\n"


_TWO_CHANGES = f"echo 'A = 1' > {_STORE}\n{_commit('02-28', 'A store')}echo 'A = 2' > {_STORE}\n{_commit('04-30', 'A larger store')}"
_FIRST = f"echo 'A = 0' > {_STORE}\ncommon-sync distribute\n{_commit('02-22', 'A first store')}"
_RELEASED = f"{_FIRST}git tag v1.0.1\n{_TWO_CHANGES}common-sync distribute\n{_commit('05-02', 'The store everywhere')}"
_WITH_EVENTS = """\
printf 'services = ["services/*"]\\n\\n[[library]]\\nmaster = "common"\\nservices = ["services/*"]\\n\\n' > common-sync.toml
printf '[[library]]\\nmaster = "libs/events"\\nservices = ["services/api"]\\n' >> common-sync.toml
"""

_FOREIGN = """\
git init -q ../platform && mkdir ../platform/python && cp -r common ../platform/python/common
cd ../platform && git add -A && git commit -q -m 'A library' && git tag v1.4.0
rm -rf common services/*/common common-sync.toml
printf 'services = ["services/*"]\\nmaster = { git = "../platform", ref = "v1.4.0", path = "python/common" }\\n' > common-sync.toml
"""

DOCS: Mapping[str, tuple[Scene, ...]] = {
    "fleet.md": FLEET_PAGE,
    "libraries.md": (
        COPIES["CS018"],
        Scene(
            "common-sync pin services/api v2.0 --library events",
            {
                "libs/events/pyproject.toml": '[project]\nname = "our-events"\nversion = "2.0"\n',
                "libs/events/our_events/__init__.py": "",
            },
            f"{_WITH_EVENTS}common-sync distribute\n{_commit('05-02', 'Events')}git tag events-v2.0\n"
            "echo 'LATER = True' > libs/events/our_events/__init__.py\ncommon-sync distribute\n"
            f"{_commit('05-03', 'Later events')}",
        ),
    ),
    "versions.md": (
        Scene(
            "common-sync log",
            before=f"{_TWO_CHANGES}common-sync distribute worker\n{_commit('05-02', 'The worker has a store')}"
            f"rm {COPY}/.common-sync.json\necho 'DEBUG = None' > {COPY}/our_common/settings.py\n",
        ),
        Scene(
            "common-sync log cs1:96c34e5a0a4b",
            before=_TWO_CHANGES,
        ),
        Scene(
            "common-sync promote services/api",
            before=f"printf 'import os\\n\\n\\nA = 1\\n' > {_STORE}\ncommon-sync distribute\n{_commit('05-02', 'A store')}"
            f"printf 'import os\\n\\n\\nA = 2\\n' > {_STORE}\n{_commit('05-03', 'A larger store')}"
            f"printf 'import sys\\n\\n\\nA = 1\\n' > services/api/{_STORE}\n"
            f"echo 'DEBUG = None' > {COPY}/our_common/settings.py\n",
        ),
        Scene("common-sync pin services/api v1.0.1", before=_RELEASED),
        Scene("common-sync pin services/api --back", before=_RELEASED),
        Scene("common-sync distribute", before=_FOREIGN),
        Scene(
            "common-sync promote services/api --to ../platform",
            before=f"{_FOREIGN}common-sync distribute\necho 'A = 1' > {COPY}/our_common/store.py\n",
        ),
    ),
    "ci.md": (
        Scene(
            "common-sync affected --since HEAD~1",
            {
                "services/worker/requirements.txt": "-c ../../constraints.txt\n-e ./common\n",
                "constraints.txt": "redis\n",
            },
            f"{_commit('05-02', 'Constraints')}echo 'redis<8' > constraints.txt\necho 'A = 1' > {_STORE}\n"
            f"echo 'A = 1' > {API}/app.py\necho 'Read me' > notes.md\n{_commit('05-03', 'Much')}",
        ),
    ),
}
