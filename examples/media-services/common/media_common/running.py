"""Which state of this library the process has imported, as the manifest of its copy says."""

import json
from pathlib import Path


def _read_running() -> dict[str, str | None]:
    manifest = Path(__file__).parents[1] / ".common-sync.json"
    # The master has no manifest, and what is installed without -e has none either.
    stated = json.loads(manifest.read_bytes()) if manifest.exists() else {}
    return {"library": "media-common", "version": stated.get("version"), "digest": stated.get("tree")}


# Read once, at import: a copy that changes later must not change what this process says of itself.
RUNNING = _read_running()
