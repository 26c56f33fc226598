"""What is reported: every code, how severe it is, and the sentences; `common_sync/pages` has a page on each."""

from collections.abc import Iterator
from typing import NamedTuple

from common_sync.core.errors import shell_word
from common_sync.core.model import Finding, Insertion, Mend, Reference, Severity
from common_sync.core.text import hide_user


class Code(NamedTuple):
    """A code's severity, and the title of its page."""

    severity: Severity
    title: str


CODES = {
    "CS001": Code("error", "A file of a copy is behind the master"),
    "CS002": Code("error", "A file of a copy is missing"),
    "CS003": Code("error", "A file was edited in the copy"),
    "CS004": Code("error", "A file was edited in the copy, and the master has changed too"),
    "CS005": Code("error", "A file stands in the copy that neither the master nor the manifest knows"),
    "CS006": Code("error", "A copy has no manifest"),
    "CS007": Code("error", "A manifest is behind the master"),
    "CS008": Code("error", "A digest is not the expected one"),
    "CS009": Code("error", "Git does not know a file of a copy"),
    "CS010": Code("error", "The locked state of a library is not in this clone"),
    "CS011": Code("error", "The lock is not what the configuration asks for"),
    "CS012": Code("warning", "Nothing in a service asks for a copy that it has"),
    "CS013": Code("error", "What is locked is not what its commit holds"),
    "CS014": Code("warning", "A tag is another commit now than the one that is locked"),
    "CS015": Code("error", "Libraries that need each other do not find each other in a service"),
    "CS017": Code("error", "An edit of a copy cannot be taken over into the master"),
    "CS018": Code("error", "A service refers to a library that it does not get"),
    "CS101": Code("error", "A reference points at the master"),
    "CS102": Code("warning", "Nobody can tell where a reference leads"),
    "CS103": Code("error", "A reference to the master is in a file that is not the service's own"),
    "CS104": Code("error", "A file cannot be decoded"),
    "CS105": Code("error", "Two references to the library disagree"),
    "CS106": Code("error", "A reference could not be rewritten"),
    "CS107": Code("error", "What a reference leads to is not in the copy"),
    "CS108": Code("error", "A file cannot be parsed"),
    "CS109": Code("error", "A lock file has to be made anew"),
    "CS110": Code("warning", "A file that is not edited refers to the master"),
    "CS111": Code("warning", "A mount hides what was built with the copy"),
    "CS112": Code("warning", "An image is not built from the service's own folder"),
    "CS113": Code("warning", "A path leads out of the service"),
    "CS114": Code("warning", "A .gitignore keeps a copy out of a commit"),
    "CS115": Code("error", "A .dockerignore keeps a copy out of the build context"),
    "CS116": Code("error", "A managed block is missing or old"),
    "CS117": Code("error", "Nothing tells what a reference said before"),
    "CS118": Code("warning", "A reference led to the copy before anything was distributed"),
    "CS119": Code("error", "A copy stands where the configuration does not know of it"),
    "CS120": Code("warning", "The managed block keeps a file out of an image that has it now"),
    "CS121": Code("warning", "A script copies the library by hand, or removes the copies"),
    "CS201": Code("error", "A local project is not there when it is installed"),
    "CS202": Code("error", "What is to be copied is not in the build context"),
    "CS203": Code("warning", "A source of COPY leads out of the build context"),
    "CS204": Code("error", "A file is not there when an install reads it"),
    "CS205": Code("error", "A reference leads out of the service"),
    "CS206": Code("error", "An import leads out of the service"),
    "CS207": Code("warning", "A mount hides the copy"),
    "CS208": Code("error", "An import would find the copy's folder, and not the package in it"),
    "CS209": Code("warning", "The library has a name that may be on the public index, too"),
    "CS210": Code("error", "The image's Python is too old for the library"),
    "CS211": Code("warning", "An old build lies in the copy"),
    "CS212": Code("error", "The image's pip is too old for a reference"),
    "CS213": Code("warning", "Something cannot be followed"),
    "CS214": Code("warning", "Something is wrong with a stage that the last one does not need"),
    "CS215": Code("error", "What is installed as editable is not there when the image is run"),
    "CS216": Code("error", "Nothing brings the library into the image"),
    "CS217": Code("warning", "An import would pass over the library's __init__.py"),
    "CS218": Code("error", "An installer refuses what it is told to install"),
    "CS219": Code("warning", "A project file of another tool is copied with the library"),
    "CS220": Code("error", "What is started is not in the image"),
    "CS301": Code("error", "An environment is not in sync"),
    "CS302": Code("error", "The interpreter of an environment is gone, or another version"),
    "CS303": Code("error", "An environment was changed by hand"),
    "CS304": Code("error", "A service runs from another environment"),
    "CS305": Code("error", "A module is not there when a service is started"),
    "CS306": Code("error", "A port is held by another process"),
    "CS307": Code("warning", "Two places name two ports of a service"),
    "CS308": Code("warning", "The disk is nearly full"),
    "CS309": Code("warning", "What should be on the disk is in memory"),
    "CS310": Code("warning", "A cache of packages cannot be linked from"),
    "CS311": Code("warning", "A limit of memory has no effect"),
    "CS312": Code("error", "An installed unit is not what it should be"),
    "CS313": Code("error", "A service's user may not start it"),
    "CS314": Code("error", "The current release is not proven"),
    "CS315": Code("warning", "Wheels for a 32-bit ARM may not be there"),
    "CS316": Code("warning", "Data of a service would not outlive its releases"),
    "CS401": Code("error", "A copy on another machine is not what is wanted"),
    "CS402": Code("error", "A copy in a container is not what is wanted"),
    "CS403": Code("error", "A process does not run what its folder has"),
    "CS404": Code("error", "Processes of one service run different libraries"),
    "CS405": Code("warning", "A mount hides the image's own copy in a container"),
    "CS406": Code("error", "A deploy on another machine was interrupted"),
    "CS407": Code("error", "A machine could not be asked"),
    "CS408": Code("error", "The host key of a machine is not known, or another one"),
    "CS409": Code("error", "A service on another machine is not healthy"),
    "CS410": Code("error", "Files were edited in the clone on another machine"),
    "CS411": Code("error", "A service tells that it runs another library than was proven"),
    "CS412": Code("error", "More different libraries run than are wanted"),
    "CS421": Code("error", "A library has changed, and its version has not"),
    "CS422": Code("error", "A service takes the library from an index unsafely"),
}


SWITCHABLE = ("CS2", "CS3", "CS422")
"""What the codes begin with that may be switched off: the checks of `doctor` and of environments."""

_PAGES = "https://github.com/common-sync/common-sync/blob/main/common_sync/pages"


def switchable_codes() -> list[str]:
    """Return the codes that `ignore` in the configuration may name: the checks of `doctor` and of environments."""
    return [code for code in CODES if code.startswith(SWITCHABLE)]


def page_url(code: str) -> str:
    """Return the address of a code's page."""
    return f"{_PAGES}/{code}.md"


def make_finding(
    code: str, service: str, file: str, line: int | None, message: str, remedy: str, mend: Mend | None = None
) -> Finding:
    """Return a finding; its severity is the code's.

    Args:
        code: One of `CODES`.
        service: The service it concerns.
        file: Path from the root.
        line: Line in it, counted from 1, or None.
        message: One sentence that says what is so.
        remedy: What to do about it.
        mend: The command that mends it, or None where a person has to decide.
    """
    message, remedy = hide_user(message), hide_user(remedy)  # logs of CI are read by many
    return Finding(code, CODES[code].severity, service, file, line, message, remedy, mend=mend)


def line_finding(line: int, code: str, message: str, remedy: str, mend: Mend | None = None) -> Finding:
    """Return a finding about a line of a file that only the caller knows; `place` says which.

    Args:
        line: The line, counted from 1.
        code: One of `CODES`.
        message: One sentence that says what is so.
        remedy: What to do about it.
        mend: The command that mends it, or None where a person has to decide.
    """
    return make_finding(code, "", "", line, message, remedy, mend)


def file_finding(
    code: str,
    file: str,
    line: int | None,
    message: str,
    remedy: str,
    insertion: Insertion | None = None,
    lacks: str | None = None,
) -> Finding:
    """Return a finding about a file of a service that only the caller knows; `place` says which.

    Args:
        code: One of `CODES`.
        file: Path in the service.
        line: Line in it, counted from 1, or None.
        message: One sentence that says what is so.
        remedy: What to do about it.
        insertion: The line that would mend it, where that is sure.
        lacks: The path of what would have to be there and is not.
    """
    mend: Mend | None = "doctor --fix" if insertion is not None else None
    return make_finding(code, "", file, line, message, remedy, mend)._replace(insertion=insertion, lacks=lacks)


def place(finding: Finding, service: str, file: str) -> Finding:
    """Return a finding with its service and its file, as it is reported.

    Args:
        finding: A finding that lacks them.
        service: The service's path from the root.
        file: The file's path from the root.
    """
    return finding._replace(service=service, file=file, insertion=None, lacks=None, asker=None)


def by_line(finding: Finding) -> tuple[int, str, str]:
    """Return what findings about one file are sorted by."""
    return finding.line or 0, finding.code, finding.message


def missing_copy(service: str, copy: str, files: int) -> Finding:
    """Return the finding for a service that has no copy at all.

    Args:
        service: The service's path from the root.
        copy: The copy's path from the root.
        files: How many files it should hold.
    """
    message = f"there is no copy ({files} file{'' if files == 1 else 's'})"
    return make_finding("CS002", service, copy, None, message, distribute_command(service), "distribute")


def distribute_command(service: str, *options: str) -> str:
    """Return what a user types to bring a service in sync, or all of them.

    Args:
        service: The service's path from the root; nothing for all.
        options: What goes before it.
    """
    return " ".join(("common-sync", "distribute", *options, *([shell_word(service)] if service else ())))


def unpin_command(service: str, library: str | None = None) -> str:
    """Return what a user types to have a service follow the master again.

    Args:
        service: The service's path from the root.
        library: The library's name, where the service gets others too.
    """
    return f"common-sync unpin {shell_word(service)}{name_option(library)}"


def name_option(library: str | None) -> str:
    """Return the option that names a library, where one has to be named."""
    return f" --library {shell_word(library)}" if library is not None else ""


def reference_findings(service: str, references: tuple[Reference, ...]) -> Iterator[Finding]:
    """Yield a finding for each reference that leads out to the master and can be rewritten.

    Args:
        service: The service's path from the root.
        references: All references of the service.
    """
    for reference in references:
        if message := _LEADS.get(reference.state):
            remedy = distribute_command(service)
            yield make_finding("CS101", service, reference.file, reference.line, message, remedy, "distribute")


_LEADS = {
    "points-at-master": "points at the master, which is not there where the service is built",
    "points-at-former": "points at a former copy, which is to go",
}


def managed_finding(service: str, file: str, *, exists: bool) -> Finding:
    """Return the finding for a managed block that is to be written.

    Args:
        service: The service's path from the root, or nothing for a file that belongs to none.
        file: The file's path from the root.
        exists: Whether there is the file.
    """
    message = "the managed block is missing or old" if exists else "is missing: it would hold a managed block"
    return make_finding("CS116", service, file, None, message, distribute_command(service), "distribute")
