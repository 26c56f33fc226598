"""What in a requirements file points at the library, and where each path leads.

pip resolves the paths that it installs from against the current folder, which is the service's, and those of `-r` and
`-c` against the file that they are in (https://pip.pypa.io/en/stable/reference/requirements-file-format/).
"""

from typing import NamedTuple

from common_sync.core.formats.pip.paths import Target, find_include, find_target, holds_variable
from common_sync.core.formats.pip.syntax import Instruction, parse_instructions
from common_sync.core.references.contract import Include, Locate, Place
from common_sync.core.text import is_no_path


class Found(NamedTuple):
    """A line that leads to the library, or may."""

    instruction: Instruction  # the line
    target: Target  # the path in it
    place: Place  # where that leads
    split: bool = False  # whether it leads there only together with `#subdirectory=`

    @property
    def line(self) -> int:
        """The first line, counted from 1."""
        return self.instruction.line.number

    @property
    def value(self) -> str:
        """The requirement or the option's value, as pip sees it."""
        return self.instruction.value.value

    @property
    def installs(self) -> bool:
        """Whether pip installs what the path leads to, and does not read it for more lines."""
        return self.instruction.kind in {"requirement", "editable"}

    @property
    def subdirectory(self) -> str:
        """What `#subdirectory=` names, or nothing."""
        start, end = self.target.subdirectory or (0, 0)
        return self.value[start:end]

    @property
    def project(self) -> str:
        """The folder below the library that is installed."""
        return self.place.rest if self.split else f"{self.place.rest}/{self.subdirectory}".strip("/")

    @property
    def marker(self) -> str:
        """The environment marker, with what pip ignores after `-e`."""
        return " ".join((self.target.marker, *self.instruction.loose)).strip()

    @property
    def form(self) -> tuple[object, ...]:
        """What pip wants to be the same where two lines install one project; extras it adds up."""
        return self.instruction.kind, self.target.name, self.target.fragment, self.instruction.options

    @property
    def statement(self) -> tuple[object, ...]:
        """All that the line says, however it is spelled."""
        return self.project, self.form, self.target.extras, self.marker


class Reading(NamedTuple):
    """What a file holds, in its order."""

    found: list[Found]  # what leads to the master or the copy
    variables: list[Found]  # what may lead there: a variable decides
    misread: list[Found]  # what leads to the master from the file's own folder, where pip does not look
    includes: list[Include]  # the files to read as well


def read_references(characters: str, locate: Locate) -> Reading:
    """Find what points at the library."""
    reading = Reading([], [], [], [])
    for instruction in parse_instructions(characters):
        value = instruction.value.value
        including = instruction.kind in {"requirements-file", "constraints-file"}
        target = find_include(value) if including else find_target(value, editable=instruction.kind == "editable")
        if target is None or is_no_path(target.path):
            continue
        if holds_variable(target):
            reading.variables.append(Found(instruction, target, Place("outside")))
            continue
        found = _find(instruction, target, locate, including=including)
        if found.place.where in {"master", "copy"}:
            reading.found.append(found)
        elif not including and locate(target.path, True).where == "master":
            reading.misread.append(found)
        elif including:
            reading.includes.append(Include(target.path, found.line, instruction.kind == "constraints-file"))
    return reading


def _find(instruction: Instruction, target: Target, locate: Locate, *, including: bool) -> Found:
    found = Found(instruction, target, locate(target.path, including))
    if found.place.where in {"master", "copy"} or not found.subdirectory:
        return found
    return found._replace(place=locate(f"{target.path}/{found.subdirectory}", including), split=True)
