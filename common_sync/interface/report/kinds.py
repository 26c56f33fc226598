"""How each kind of service is named and marked, in the page, in the picture, and in print."""

from typing import NamedTuple

from common_sync.core.service_plan import Kind


class Look(NamedTuple):
    """How a kind is shown: colour never stands alone."""

    name: str
    shape: str  # an SVG path in a box of 16 by 16, filled by the even-odd rule
    light: str  # the colour on white
    dark: str  # the colour on black


_RING = "M8 2a6 6 0 1 0 0 12a6 6 0 1 0 0-12zM8 4.6a3.4 3.4 0 1 0 0 6.8a3.4 3.4 0 1 0 0-6.8z"

LOOKS: dict[Kind, Look] = {
    "diverged": Look("edited and behind", "M8 .8L15.2 8L8 15.2L.8 8z", "#a3194e", "#ff7ca6"),
    "modified": Look("edited", "M3 3h10v10h-10z", "#a83f05", "#ff9a5c"),
    "extra": Look(
        "with unknown files", "M6.4 2h3.2v4.4h4.4v3.2h-4.4v4.4h-3.2v-4.4h-4.4v-3.2h4.4z", "#775200", "#f0c04e"
    ),
    "unmanaged": Look("no manifest", "M2.5 2.5h11v11h-11zM5 5h6v6h-6z", "#6a51a3", "#b6a3ea"),
    "no copy": Look("no copy", _RING, "#14609a", "#63b3f0"),
    "missing": Look("incomplete", _RING, "#14609a", "#63b3f0"),
    "stale": Look("behind", "M1.5 3.5h13L8 14z", "#14609a", "#63b3f0"),
    "references": Look("with other findings", "M1 6.2h7.5v-3.7L15 8L8.5 13.5v-3.7h-7.5z", "#0b6059", "#5ad1c3"),
    "current": Look("in sync", "M8 5.2a2.8 2.8 0 1 0 0 5.6a2.8 2.8 0 1 0 0-5.6z", "#2f6d52", "#6dbf9a"),
}
"""Each kind, the worst first: warm colours for what a person decides, cool ones for what `distribute` mends."""


def symbols() -> str:
    """Return the shapes as symbols that a page's marks refer to."""
    return "".join(
        f'<symbol id="{class_of(kind)}" viewBox="0 0 16 16"><path fill-rule="evenodd" d="{look.shape}"/></symbol>'
        for kind, look in LOOKS.items()
    )


def styles() -> str:
    """Return the colours of the kinds as a style sheet, in light and in dark."""
    light = "".join(f"--{class_of(kind)}:{look.light};" for kind, look in LOOKS.items())
    dark = "".join(f"--{class_of(kind)}:{look.dark};" for kind, look in LOOKS.items())
    classes = "".join(f".{name}{{--c:var(--{name})}}" for name in map(class_of, LOOKS))
    return (
        f":root{{{light}}}@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}"
        f":root[data-theme=dark]{{{dark}}}{classes}"
    )


def class_of(kind: Kind) -> str:
    """Return the name of a kind in a page."""
    return f"k-{kind.replace(' ', '-')}"
