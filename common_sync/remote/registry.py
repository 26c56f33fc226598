"""Images that somebody has built and pushed, as the agent takes them from a registry: the standard library alone, Python 3.7 or newer.

An image is found by a tag that says what it was built of, and taken by its digest: a tag that is moved meanwhile changes nothing.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

from common_sync.remote.calls import Caller, fail
from common_sync.remote.clone import SHORT
from common_sync.remote.look import LIMIT, find_complaint


class Registry(Caller):
    """Asks the registry of a service's image."""

    def check(self, names: dict[str, str]) -> None:
        """See that each unit of the service starts its image: one by another name would go on with an old one.

        Args:
            names: The image's name of each unit.

        Raises:
            StepError: One has another image, or names it by a digest, which no tag can be put on.
        """
        for unit, name in names.items():
            if find_repository(name) != find_repository(self.job.image) or "@" in name:
                fail(
                    f"{unit} has the image {name}, and not {self.job.image}: write image: {self.job.image} in its compose file"
                )

    def resolve(self) -> str:
        """Return the name, with its digest, of the image that was built of the service as it is wanted.

        Raises:
            StepError: The registry has none, or does not answer.
        """
        name = f"{self.job.image}:{self.job.tree}"
        asked = json.dumps({"name": "common-sync", "services": {"image": {"image": name}}})
        words = ("docker", "compose", "-f", "-", "--env-file", os.devnull, "config", "--resolve-image-digests")
        done = self.launch((*words, "--format", "json"), asked, limit=LIMIT, err=subprocess.PIPE)
        if done.returncode:
            said = find_complaint(done.stderr) or "no word of why"
            print(said, file=sys.stderr, flush=True)
            for known in (f"failed to resolve digest for {name}: ", "Error response from daemon: "):
                said = said.replace(known, "")
            remedy = f"push it by the tag that git rev-parse {self.job.commit[:SHORT]}:{self.job.service} prints"
            fail(f"the image {name} is not to be had: {said[:_LONGEST]}: {remedy}")
        digest = str(json.loads(done.stdout)["services"]["image"]["image"]).rpartition("@")[2]
        return f"{self.job.image}@{digest}"

    def pull(self, image: str) -> str:
        """Bring an image; return its id.

        Args:
            image: Its name, with its digest.
        """
        for _ in range(_TIMES):
            self.do("docker", "pull", image)
            found = self.find("docker", "image", "inspect", "--format", "{{.Id}}", image)
            if found:
                return found
        return fail(f"{image} was pulled, and is not there")

    def let_go(self, image: str) -> None:
        """Take the name away that an image was brought by; it is gone where it has no other one.

        Args:
            image: The name, with the digest; nothing where it was there before.
        """
        if image:
            self.succeeds("docker", "rmi", image)


_LONGEST = 150
_TIMES = 3
"""Another deploy on this machine may let go of the same image at the same time."""


_HUB = re.compile(r"^(?:(?:index\.)?docker\.io/)?(?:library/(?=[^/]+$))?")
"""What Docker leaves out of the names of its own registry."""


def find_repository(name: str) -> str:
    """Return the name of an image without its tag and its digest, as Docker shows it: `docker.io/library/api` is `api`."""
    bare = name.partition("@")[0]
    return _HUB.sub("", bare.rpartition(":")[0] if ":" in bare.rpartition("/")[2] else bare)
