"""Whether what an image is started with is there: the script, the module, the program with a path.

It counts what ENTRYPOINT and CMD say, and what `entrypoint` and `command` of a compose file put in their places.
"""

import re
import sys
from collections.abc import Iterator
from posixpath import join, normpath

from common_sync.core.doctor.build.outcome import NotFollowed, StageEnd, Started
from common_sync.core.doctor.checks.path_entries import path_entries_in
from common_sync.core.doctor.checks.start.begun import Begun, is_told, leaves_nothing
from common_sync.core.doctor.checks.start.conditions import UNTOLD, is_needed
from common_sync.core.doctor.checks.start.looking import SERVERS, Look, find_looks
from common_sync.core.doctor.checks.start.programs import KNOWN, may_be_in_environment
from common_sync.core.doctor.checks.start.served import read_served_file
from common_sync.core.doctor.checks.start.taken import is_shown
from common_sync.core.doctor.checks.surroundings import surround
from common_sync.core.doctor.image.effects import SYSTEM
from common_sync.core.doctor.image.files import Context, Image
from common_sync.core.doctor.image.lookup import SOURCING, find_read, find_started
from common_sync.core.doctor.install.brought import Brought, list_brought
from common_sync.core.doctor.install.need import read_text
from common_sync.core.doctor.view import View
from common_sync.core.findings import make_finding
from common_sync.core.formats.pip.names import normalise
from common_sync.core.formats.shell.script import Command
from common_sync.core.model import Finding
from common_sync.core.paths import below


def check_started(view: View, begun: Begun) -> Iterator[Finding]:
    """Yield what an image is started with and does not have.

    Args:
        view: The service.
        begun: How the image is started.
    """
    told = is_told(begun.image, NotFollowed)
    for line, said, sure in _list_absent(begun):
        if told and not sure:
            continue
        code, remedy = ("CS220" if sure else "CS213"), "copy it into the image, or start what is there"
        yield make_finding(code, view.service.path, begun.file, line, said, remedy)


def _list_absent(begun: Begun) -> Iterator[tuple[int, str, bool]]:
    """Yield what is started and not there: the line, the sentence, and whether that is sure."""
    end = begun.end
    if (passed := _passed_over(end)) is not None:
        yield passed
    for started in end.started:
        command = started.command
        if started.sure and (odd := _why_odd(started, end.image)):
            yield started.line, odd, True
        for path in (*_paths_of(command, end.image), *_files_of(command)):
            absent, needed = _absence(path, begun), is_needed(path, started, begun)
            if absent is not None and needed is not False:
                said = f"`{started.shown}` is started with the image, and there is no {path}"
                yield started.line, said if needed else f"{UNTOLD}{said}", absent and needed is True
    made = surround(begun.image.build, begun.number).made
    for look in find_looks(end, made, path_entries_in(begun.image)):
        needed = _is_needed_by(look, begun) if look.line else False
        for line, said, sure in _absent_for(look, begun) if needed is not False else ():
            yield line, said if needed else f"{UNTOLD}{said}", sure and needed is True


def _is_needed_by(look: Look, begun: Begun) -> bool | None:
    """Tell whether a start needs what a program of Python's looks for."""
    started = next(one for one in begun.end.started if (one.line, one.shown) == (look.line, look.shown))
    return look.certain or is_needed(look.script or look.module, started, begun)


def _why_odd(started: Started, image: Image) -> str:
    """Return why a command is none: JSON that is none to Docker, or a whole line as one word."""
    command = started.command
    program = command.words[0] if command.words else None
    if program is None or not program.known:
        return ""
    if program.text.startswith("[") and program.text not in {"[", "[["}:
        return f"`{started.shown}` is no JSON, so that a shell gets it: write the words with double quotes"
    place = image.look(normpath(join(command.folder or "/", program.text)))
    if " " in program.text.strip() and (place is None or place.kind != "file"):
        return f"`{program.text}` is one word here, and no program: write each word by itself"
    return ""


def _paths_of(command: Command, image: Image) -> Iterator[str]:
    """Yield the files that a command needs to be started: the program where it has a path, the script of a shell."""
    script = find_read(command, image)
    if script is not None and " " not in script and command.program not in SOURCING:
        yield script
    if command.words and "/" in command.words[0].text and " " not in command.words[0].text:
        path = find_started(command, image)
        yield from [path] if path is not None else []


def _files_of(command: Command) -> Iterator[str]:
    """Yield the files that a server is told to serve."""
    word = read_served_file(command)
    if word is not None and word.known and (word.text.startswith("/") or command.folder is not None):
        yield normpath(join(command.folder or "/", word.text))


def _absent_for(look: Look, begun: Begun) -> Iterator[tuple[int, str, bool]]:
    if look.script:
        absent = _absence(look.script, begun)
        if absent is not None:
            yield look.line, f"`{look.shown}` is started with the image, and there is no {look.script}", absent
        elif look.script.endswith("/bin/sh"):
            yield look.line, "Python is given `/bin/sh` to run: a CMD in shell form is added to the ENTRYPOINT", True
    elif look.module and (why := _why_no_module(look, begun)):
        said = f"`{look.shown}` is started with the image, and {why}"
        doubt = _doubt_about(look, begun)
        yield look.line, f"{said}; but {doubt}" if doubt else said, not doubt
    elif look.module and _is_from_nowhere(look, begun):
        yield look.line, f"cannot be told whether there is a module `{look.module}`, which `{look.shown}` starts", False


_EMPTY = ("/opt/", "/venv/", "/home/")
"""Folders of a system that have nothing in official images."""


def _absence(path: str, begun: Begun) -> bool | None:
    """Return whether it is sure that nothing is at a path when the image is started; None where something is, or may be."""
    end = begun.end
    if end.image.look(path) is not None or any(below(path, one.target) is not None for one in begun.mounts):
        return None
    own = end.workdir != "/" and below(path, end.workdir) is not None
    shown = is_shown(path, begun.image.build, begun.number, begun.image.context)
    of_image = path.startswith(SYSTEM) and not (end.system.name and path.startswith(_EMPTY))
    if (of_image and not own) or shown or may_be_in_environment(path, begun):
        return None
    return leaves_nothing(begun.image.build, begun.number)


def _why_no_module(look: Look, begun: Begun) -> str:
    """Return why a module of the service itself is not where the program looks; nothing where it is, or may be."""
    image = begun.end.image
    inner = look.module.replace(".", "/")
    top = inner.partition("/")[0]
    if look.more or any(_is_mounted(join(folder, inner), begun) for folder in look.folders):
        return ""
    if any(_is_module(join(folder, inner), begun, run=not look.served) for folder in look.folders):
        return ""
    if look.served == "celery" and any(_is_in_module(folder, inner, begun) for folder in look.folders):
        return ""
    partly = next((folder for folder in look.folders if image.look(join(folder, top)) is not None), None)
    own = _is_own(top, begun.image.service.context)
    if not (own or partly) or _is_installed(top, begun) or not leaves_nothing(begun.image.build, begun.number):
        return ""
    if _is_bare(top, look, begun) and (top in sys.stdlib_module_names or top in KNOWN or _is_named(top, begun)):
        return ""  # a package comes before folders without an `__init__`
    bare = next((folder for folder in look.folders if image.look(join(folder, inner)) is not None), None)
    if bare is not None:
        return f"{join(bare, inner)} has no __main__.py"
    folders = " or ".join(dict.fromkeys(look.folders)) or "any folder that it looks into"
    return f"there is no module `{look.module}` in {folders}"


def _is_mounted(path: str, begun: Begun) -> bool:
    """Tell whether a module is mounted, or a folder that it is in."""
    return any(below(one, mount.target) is not None for mount in begun.mounts for one in (path, f"{path}.py"))


def _is_bare(top: str, look: Look, begun: Begun) -> bool:
    """Tell whether none of the folders has a module, or a package with an `__init__`, so that a package which is installed wins."""
    places = (join(folder, f"{top}{end}") for folder in look.folders for end in (".py", ".so", "/__init__.py"))
    return all(begun.end.image.look(one) is None for one in places)


def _doubt_about(look: Look, begun: Begun) -> str:
    """Return why a module may be there after all; nothing where it is not."""
    if "PYTHONPATH" in begun.opened:
        return "cannot be told whether a file of `env_file` sets `PYTHONPATH`"
    told = all(one.all_told for one in _list_brought(begun))
    if not told and "." not in look.module and not look.served and _is_bare(look.module, look, begun):
        return "cannot be told whether another package brings it"
    return ""


def _is_from_nowhere(look: Look, begun: Begun) -> bool:
    """Tell whether nothing shows where a module comes from that is not the service's own: no package has a part of its name."""
    top = look.module.partition(".")[0]
    inner = look.module.replace(".", "/")
    covered = any(_is_mounted(join(folder, inner), begun) for folder in look.folders)
    if look.more or covered or top in sys.stdlib_module_names or top in SERVERS or _is_installed(top, begun):
        return False
    service = begun.image.service
    known = any(_is_module(join(folder, inner), begun) for folder in look.folders) or _is_own(top, service.context)
    if known or any(one.package.partition(".")[0] == top for one in service.imports):
        return False
    return not _is_named(top, begun) and not _parts(top) & _parts(service.library)


def _is_named(top: str, begun: Begun) -> bool:
    """Tell whether a package that is installed has a part of a module's name, or a tool installs what nobody lists here."""
    brought = _list_brought(begun)
    synced = any(one.install.synced for stage in begun.image.build.stages for one in stage.installs)
    return synced or any(_parts(top) & _parts(name.partition("[")[0]) for one in brought for name in one.names)


def _list_brought(begun: Begun) -> list[Brought]:
    installs = [one for stage in begun.image.build.stages for one in stage.installs]
    return [list_brought(one.install, one.needs, one.image, begun.image.context) for one in installs]


def _parts(name: str) -> set[str]:
    return {*normalise(name).split("-")}


def _is_module(path: str, begun: Begun, *, run: bool = False) -> bool:
    """Tell whether there is a module; a package that is run has to have a `__main__`."""
    names = (f"{path}.py", f"{path}/__main__.py" if run else path, f"{path}.so")
    return any(begun.end.image.look(name) is not None for name in names)


def _is_in_module(folder: str, inner: str, begun: Begun) -> bool:
    """Tell whether what is named like a module is something in one, as Celery takes it: `app.worker`."""
    above, _, name = inner.rpartition("/")
    places = (begun.end.image.look(join(folder, f"{above}{end}")) for end in (".py", "/__init__.py") if above)
    texts = (read_text(place, begun.image.context) for place in places if place is not None and place.kind == "file")
    return any(name in re.findall(r"\w+", text) or "import *" in text for text in texts if text is not None)


def _is_own(top: str, context: Context) -> bool:
    return any(context.look(one) is not None for one in (top, f"{top}.py", f"src/{top}", f"src/{top}.py"))


def _is_installed(top: str, begun: Begun) -> bool:
    """Tell whether a project with a module is installed."""
    context, image = begun.image.context, begun.end.image
    for need in begun.image.build.needs:
        place = image.look(need.path) if need.kind == "project" and need.path else None
        folder = place.origin if place is not None else None
        if need.kind == "project" and (
            folder is None
            or any(
                context.look(f"{folder}/{one}".strip("/")) is not None
                for one in (top, f"src/{top}", f"{top}.py", f"src/{top}.py")
            )
        ):
            return True
        if need.kind == "file" and need.path.endswith("pyproject.toml"):
            return True  # a tool that installs the project itself
    return False


def _passed_over(end: StageEnd) -> tuple[int, str, bool] | None:
    """Return the CMD that nobody reads, where the ENTRYPOINT alone starts no program of Python's."""
    entry, command = end.starts.get("ENTRYPOINT"), end.starts.get("CMD")
    if entry is None or entry.words is not None or command is None:
        return None
    if any(look.script or look.module or look.served for look in find_looks(end, (), ()) if look.line):
        return None
    said = f"this CMD is not read: the ENTRYPOINT of line {entry.line} is in shell form, and takes no arguments"
    return command.line, said, False
