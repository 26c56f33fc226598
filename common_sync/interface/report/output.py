"""The forms of a report, by the suffix of its file; and what may be written over."""

import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from common_sync.core.errors import ConfigurationError, Problem, shell_word
from common_sync.edges.files.folders import explain_os_error
from common_sync.edges.files.replacing import writing_output
from common_sync.interface.show.options import Options

if TYPE_CHECKING:  # a wrong name is refused before anything is read
    from common_sync.commands.report import Report

_SIGNS = (b"common-sync report", b'"command":"report"')
"""What the beginning of each form holds."""


def check_output(file: str) -> None:
    """Refuse a file that no report can be written to.

    Args:
        file: Its path, as the user named it.

    Raises:
        ConfigurationError: It has no suffix of a report, has no folder, or holds something else.
    """
    suffix = os.path.splitext(file)[1].lower()
    if suffix not in FORMS:
        names = ", ".join([*FORMS][:-1])
        _refuse(f"{file!r} ends with none of {names} and {[*FORMS][-1]}", "the suffix says what is written")
    folder = os.path.dirname(file) or os.curdir
    if not os.path.isdir(folder):
        _refuse(f"there is no folder {folder!r} for {file!r}", f"mkdir -p {shell_word(folder)}")
    if os.path.isdir(file):
        _refuse(f"{file!r} is a folder", "name a file in it")
    if os.path.isfile(file) and not _is_report(file):
        _refuse(f"{file!r} is there, and is no report: nothing was written", "name another file, or remove that one")


def _is_report(file: str) -> bool:
    try:
        with open(file, "rb") as stream:
            beginning = stream.read(500)
    except OSError as error:
        raise explain_os_error(error, file, "read it") from error
    return not beginning or any(sign in beginning for sign in _SIGNS)


def _refuse(message: str, remedy: str) -> None:
    raise ConfigurationError(Problem(message, "--output", remedy=remedy))


def write_report(report: "Report", file: str, options: Options) -> int:
    """Write a report; return its size in bytes.

    Args:
        report: What it says.
        file: Its path; the suffix says in which form.
        options: The options of every command.

    Raises:
        TreeError: It cannot be written.
    """
    text = FORMS[os.path.splitext(file)[1].lower()](report, options)
    data = text.encode("utf-8", "backslashreplace")
    with writing_output(file) as stream:
        stream.write(data)
    return len(data)


def _page(report: "Report", _options: Options) -> str:
    from common_sync.interface.report.page import format_page  # only what is asked for, as below
    from common_sync.interface.show.overview import survey_overview

    return format_page(report.document, survey_overview(report.diagnosis.survey).services)


def _picture(report: "Report", _options: Options) -> str:
    from common_sync.interface.report.svg import format_picture

    return format_picture(report.document)


def _markdown(report: "Report", options: Options) -> str:
    from common_sync.interface.show.markdown import markdown_lines
    from common_sync.interface.show.overview import survey_overview
    from common_sync.interface.show.presenter import View

    found = report.diagnosis.survey
    findings = [*found.findings(), *report.diagnosis.shared]
    fields = dict[str, object]
    view = View(
        "report",
        found.in_sync,
        lambda: findings,
        lambda _: (),
        fields,
        found.project.root,
        partial(survey_overview, found),
    )
    return "".join(f"{line}\n" for line in markdown_lines(view, options))


def _json(report: "Report", _options: Options) -> str:
    from common_sync.interface.report.fields import format_document

    return f"{format_document(report.document)}\n"


FORMS: Mapping[str, Callable[["Report", Options], str]] = {
    ".html": _page,
    ".svg": _picture,
    ".md": _markdown,
    ".json": _json,
}
"""What makes each form, by the suffix of the file."""
