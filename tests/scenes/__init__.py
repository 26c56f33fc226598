"""For each code a small tree that brings it about, and the commands that show it: what its page shows."""

from collections.abc import Mapping

from scenes.builds import BUILDS
from scenes.copies import COPIES
from scenes.environments import ENVIRONMENTS
from scenes.fleet import FLEET
from scenes.index import INDEX
from scenes.references import REFERENCES
from scenes.running import RUNNING
from scenes.scene import Scene

SCENES: Mapping[str, Scene] = dict(
    sorted({**COPIES, **REFERENCES, **BUILDS, **ENVIRONMENTS, **RUNNING, **FLEET, **INDEX}.items())
)
