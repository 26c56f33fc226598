"""Draw the floors of the program from its real imports: docs/floors.svg.

Usage: draw_floors.py [--check]. With --check, nothing is written, and a picture that is not of this tree ends with 1.
"""

import sys
from collections.abc import Container, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

import grimp
from pictures import settle

PACKAGE = "common_sync"
PICTURE = Path(__file__).parents[1] / "docs" / "floors.svg"
FLOORS = {
    "interface": "what people and scripts meet",
    "commands": "one module a command",
    "edges": "disk, git, processes",
    "core": "values in, values out",
}
"""From the top down: a floor may import from those below it."""

VALUES = "values"
"""The room for the modules of the core that everything else passes around."""

OWN_ROOM = frozenset(
    {
        "affected",
        "configuration",
        "findings",
        "library_settings",
        "pins",
        "upstream_settings",
        "service_plan",
        "service_settings",
        "settings",
    }
)
LEFT, WIDTH, BOX_WIDTH, BOX_HEIGHT, GAP, ROW = 150, 960, 118, 34, 18, 66

STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328; text-anchor: middle; }
  .name { font-weight: 600; text-anchor: start; } .note { font-size: 11px; fill: #59636e; text-anchor: start; }
  .floor { fill: #f6f8fa; stroke: #d1d9e0; } .room { fill: #ffffff; stroke: #59636e; }
  path { stroke: #818b98; fill: none; } marker path { fill: #818b98; stroke: none; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; } .note { fill: #9198a1; }
    .floor { fill: #151b23; stroke: #3d444d; } .room { fill: #0d1117; stroke: #9198a1; }
  }
"""

Imports = Mapping[str, frozenset[str]]
"""Room → the rooms that it imports from."""


class Box(NamedTuple):
    """Where a room is drawn: its left upper corner, in pixels."""

    x: float
    y: float


def read_rooms() -> dict[str, Imports]:
    """Return the rooms of each floor, and the imports between them.

    Returns:
        Floor → its rooms, each with the rooms of the same floor that it imports from.
    """
    graph = grimp.build_graph(PACKAGE)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in sorted(graph.modules)}
    below = {imported for module, found in imports.items() if _is_in_folder(module) for imported in found}
    rooms: dict[str, dict[str, set[str]]] = {floor: {} for floor in FLOORS}
    for module, found in imports.items():
        floor, room = _place(module, below)
        if floor in rooms and room:
            names = {name for there, name in (_place(imported, below) for imported in found) if there == floor}
            rooms[floor].setdefault(room, set()).update(names - {"", room})
    return {floor: {room: frozenset(names) for room, names in found.items()} for floor, found in rooms.items()}


def _is_in_folder(module: str) -> bool:
    """Tell whether a module is in a folder of its floor, and not beside the folders."""
    parts = module.split(".")
    return len(parts) > 2 and Path(__file__).parents[1].joinpath(*parts[:3]).is_dir()  # noqa: PLR2004 - package, floor, room


def _place(module: str, below: Container[str]) -> tuple[str, str]:
    """Return a module's floor and room.

    What stands beside the folders of the core is in the room of values. On the other floors it is in the room that has
    the floor's name, unless a folder imports it.
    """
    _, floor, room, *_ = [*module.split("."), "", ""]
    if not room or _is_in_folder(module) or room in OWN_ROOM:
        return floor, room
    return floor, VALUES if floor == "core" else room if module in below else floor


def reduce_imports(imports: Imports) -> Imports:
    """Leave out each arrow that a longer way implies.

    Args:
        imports: Without circles.
    """

    def reach(room: str) -> frozenset[str]:
        return imports[room].union(*(reach(below) for below in imports[room]))

    return {
        room: frozenset(one for one in below if not any(one in reach(other) for other in below - {one}))
        for room, below in imports.items()
    }


def layer(imports: Imports) -> list[list[str]]:
    """Return the rooms in rows, from the top: each above all that it imports from.

    Args:
        imports: Without circles.
    """

    def depth(room: str) -> int:
        return 1 + max((depth(below) for below in imports[room]), default=-1)

    rows: dict[int, list[str]] = {}
    for room in imports:
        rows.setdefault(depth(room), []).append(room)
    return [sorted(rows[number]) for number in sorted(rows, reverse=True)]


def draw() -> str:
    """Return the picture."""
    parts: list[str] = []
    top = GAP
    for floor, imports in read_rooms().items():
        rows = layer(imports)
        height = len(rows) * ROW - (ROW - BOX_HEIGHT) + 2 * GAP
        parts.append(f'<rect class="floor" x="{GAP}" y="{top}" width="{WIDTH - 2 * GAP}" height="{height}" rx="6"/>')
        parts.append(_text(2 * GAP, top + 26, floor, "name"))
        parts.append(_text(2 * GAP, top + 44, FLOORS[floor], "note"))
        parts += _draw_rooms(rows, reduce_imports(imports), top + GAP)
        top += height + GAP
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" role="img">'
    arrow = '<marker id="a" viewBox="0 0 6 6" refX="6" refY="3" markerWidth="7" markerHeight="7" orient="auto">'
    title = "<title>The floors of common-sync, and what imports what on each</title>"
    defs = f'<defs>{arrow}<path d="M0 0L6 3L0 6z"/></marker></defs>'
    return "\n".join([head, title, f"<style>{STYLE}</style>", defs, *parts, "</svg>\n"])


def _draw_rooms(rows: Sequence[Sequence[str]], arrows: Imports, top: float) -> list[str]:
    boxes: dict[str, Box] = {}
    free = WIDTH - LEFT - 3 * GAP
    for number, row in enumerate(rows):
        step = free / len(row)
        for place, room in enumerate(row):
            boxes[room] = Box(LEFT + GAP + step * (place + 0.5) - BOX_WIDTH / 2, top + number * ROW)
    lines = [_arrow(boxes[room], boxes[below]) for room in sorted(arrows) for below in sorted(arrows[room])]
    return lines + [_room(room, box) for room, box in boxes.items()]


def _arrow(above: Box, below: Box) -> str:
    x1, y1, x2, y2 = above.x + BOX_WIDTH / 2, above.y + BOX_HEIGHT, below.x + BOX_WIDTH / 2, below.y
    return f'<path d="M{x1:.0f} {y1:.0f}C{x1:.0f} {y1 + 20:.0f} {x2:.0f} {y2 - 20:.0f} {x2:.0f} {y2 - 1:.0f}" marker-end="url(#a)"/>'


def _room(room: str, box: Box) -> str:
    rect = f'<rect class="room" x="{box.x:.0f}" y="{box.y:.0f}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="4"/>'
    return rect + _text(box.x + BOX_WIDTH / 2, box.y + 22, room)


def _text(x: float, y: float, words: str, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x:.0f}" y="{y:.0f}">{escape(words)}</text>'


def main() -> int:
    """Write the picture, or compare it; return the exit code."""
    check = "--check" in sys.argv[1:]
    return settle(PICTURE, draw(), check=check, stale="docs/floors.svg is not of this tree")


if __name__ == "__main__":
    sys.exit(main())
