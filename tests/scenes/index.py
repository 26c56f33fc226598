"""Scenes of libraries on an index: CS421."""

from scenes.scene import Scene

INDEX = {
    "CS421": Scene(
        "common-sync verify --since HEAD",
        before="echo 'DEBUG = True' > common/our_common/settings.py\ncommon-sync distribute",
    ),
}
