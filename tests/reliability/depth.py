"""How much is tried: `make test` runs what fits into minutes, `make reliability` all of it."""

import os
from collections.abc import Callable

import pytest

FULL = os.environ.get("RELIABILITY") == "full"
"""Whether this is `make reliability`."""

Record = Callable[[str, object], None]
"""pytest's `record_property`: a name that begins with `count: ` is printed at the end of the run."""


def skip(reason: str) -> None:
    """Skip a test that cannot run here, and say why; in CI that is a failure.

    Args:
        reason: What is missing.
    """
    if os.environ.get("CI") == "true":
        pytest.fail(f"must not be skipped in CI: {reason}")
    pytest.skip(reason)
