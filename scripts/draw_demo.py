"""Draw the demo as a picture that moves, from what it has printed in colour: docs/demo.svg.

Usage: draw_demo.py [--check] FILE. With --check, nothing is written, and a picture of another demo ends with 1.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

from pictures import settle

PICTURE = Path(__file__).parents[1] / "docs" / "demo.svg"
MARGIN, LINE, CHARACTER = 16, 19, 7.9
LABEL = 'role="img" aria-label="common-sync in a terminal: what make demo prints"'
STILL = "CS003"
"""Where nothing may move, the first frame that holds this is shown."""

_TIME = re.compile(r",? \d+\.\d\d s$", re.MULTILINE)
_COLOR = re.compile(r"\x1b\[([\d;]*)m")
_CLASSES = {"1": "b", "2": "d", "31": "r", "32": "g", "33": "y", "35": "m", "36": "c"}

STYLE = """
  text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #1f2328; white-space: pre; }
  rect { fill: #f6f8fa; stroke: #d1d9e0; } .b { font-weight: 700; } .d { fill: #59636e; }
  .r { fill: #cf222e; } .g { fill: #116329; } .y { fill: #7d4e00; } .m { fill: #8250df; } .c { fill: #1b7c83; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; } rect { fill: #151b23; stroke: #3d444d; } .d { fill: #9198a1; }
    .r { fill: #ff7b72; } .g { fill: #3fb950; } .y { fill: #d29922; } .m { fill: #bc8cff; } .c { fill: #76e3ea; }
  }
"""


class Frame(NamedTuple):
    """What stands on the screen together.

    Attributes:
        lines: With the codes of colours.
        seconds: How long it stands there.
    """

    lines: Sequence[str]
    seconds: float


def split(printed: str) -> Iterator[Frame]:
    """Yield a frame for each command that prints something, with the remark above it."""
    lines: list[str] = []
    for part in re.split(r"^(?=[#$] )", _TIME.sub("", printed), flags=re.MULTILINE):
        own = part.strip("\n").split("\n")
        lines += own if part.strip() else ()
        if own[0].startswith("$") and len(own) > 1:
            yield Frame(lines, 2 + len(lines) / 4)
            lines = []


def draw(frames: Sequence[Frame]) -> str:
    """Return the picture."""
    longest = max(len(_COLOR.sub("", line)) for frame in frames for line in frame.lines)
    width, height = 2 * MARGIN + longest * CHARACTER, 2 * MARGIN + max(len(frame.lines) for frame in frames) * LINE
    still = next(number for number, frame in enumerate(frames) if STILL in "".join(frame.lines))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" {LABEL}>',
        f"<style>{STYLE}{''.join(_moving(frames, still))}</style>",
        '<rect x="0.5" y="0.5" width="99.9%" height="99.8%" rx="6"/>',
        *(f'<g id="f{number}">{"".join(_texts(frame))}</g>' for number, frame in enumerate(frames)),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _moving(frames: Sequence[Frame], still: int) -> Iterator[str]:
    """Yield the rules that show one frame after the other."""
    whole, begin = sum(frame.seconds for frame in frames), 0.0
    yield f"  g {{ opacity: 0; }} #f{still} {{ opacity: 1; }}\n  @media (prefers-reduced-motion: no-preference) {{\n"
    for number, frame in enumerate(frames):
        start, end = 100 * begin / whole, 100 * (begin + frame.seconds) / whole
        steps = (
            f"0% {{ opacity: {int(number == 0)}; }} {start:.2f}% {{ opacity: 1; }} {end:.2f}%, 100% {{ opacity: 0; }}"
        )
        yield f"    @keyframes k{number} {{ {steps} }}\n"
        yield f"    #f{number} {{ animation: k{number} {whole:g}s step-end infinite; }}\n"
        begin += frame.seconds
    yield "  }\n"


def _texts(frame: Frame) -> Iterator[str]:
    for number, line in enumerate(frame.lines):
        if line:
            y = MARGIN + (number + 0.7) * LINE
            yield f'<text xml:space="preserve" x="{MARGIN}" y="{y:.0f}">{"".join(_spans(line))}</text>\n'


def _spans(line: str) -> Iterator[str]:
    """Yield a line's text in its colours; a command is bold, a remark is pale."""
    classes = {"#": ["d"], "$": ["b"]}.get(line[0], [])
    pieces = _COLOR.split(line)
    for codes, text in zip(["", *pieces[1::2]], pieces[::2], strict=True):
        for code in codes.split(";") if codes else ():
            classes = [*classes, _CLASSES[code]] if code in _CLASSES else []
        if text:
            yield f'<tspan class="{" ".join(classes)}">{escape(text)}</tspan>' if classes else escape(text)


def main() -> int:
    """Write the picture, or compare it; return the exit code."""
    *options, file = sys.argv[1:]
    picture, check = draw(list(split(Path(file).read_text(encoding="utf-8")))), "--check" in options
    return settle(PICTURE, picture, check=check, stale="docs/demo.svg is not what the demo prints")


if __name__ == "__main__":
    sys.exit(main())
