"""Draw the report of a repository of forty services, in which people have worked for weeks: docs/report.svg.

Usage: PYTHONPATH=tests draw_report.py [--check]. With --check, nothing is written, and a picture of another report ends with 1.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from pictures import settle
from support.drifting import make_drifting

PICTURE = Path(__file__).parents[1] / "docs" / "report.svg"
SERVICES, STEMS, RELEASES = 40, 5, 12


def draw() -> str:
    """Return the picture."""
    with TemporaryDirectory() as place:
        repo = make_drifting(Path(place, "repo"), SERVICES, stems=STEMS, releases=RELEASES)
        done = repo.run("report", "--output", "report.svg")
        if done.code != 0:
            sys.exit(done.err)
        return repo.read("report.svg")


def main() -> int:
    """Write the picture, or compare it; return the exit code."""
    return settle(PICTURE, draw(), check="--check" in sys.argv[1:], stale="docs/report.svg is not what a report draws")


if __name__ == "__main__":
    sys.exit(main())
