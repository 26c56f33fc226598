"""The names of distributions."""

import re


def normalise(name: str) -> str:
    """Return a distribution's name in its one spelling.

    Args:
        name: As somebody writes it.

    Source of the rule: https://packaging.python.org/en/latest/specifications/name-normalization/
    """
    return re.sub(r"[-_.]+", "-", name).strip().lower()
