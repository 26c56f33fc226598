"""Scenes of libraries on an index: CS421 and CS422."""

from scenes.scene import API, COPY, Scene

INDEX = {
    "CS421": Scene(
        "common-sync verify --since HEAD",
        before="echo 'DEBUG = True' > common/our_common/settings.py\ncommon-sync distribute",
    ),
    "CS422": Scene(
        f"tail -n 2 common-sync.toml\ncat {API}/requirements.txt\ncommon-sync doctor",
        {f"{API}/requirements.txt": "--extra-index-url https://pypi.org/simple/\nour-common==1.2.3\n"},
        f"printf '\\n[service.api]\\nlibrary = \"index\"\\n' >> common-sync.toml\nrm -r {COPY}",
    ),
}
