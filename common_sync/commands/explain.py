"""`explain`: why a path is copied, ignored, rewritten or reported, by which rule; and the page of a code."""

import os
from collections.abc import Sequence
from typing import NamedTuple

from common_sync.commands.steps.survey import Survey, survey
from common_sync.core.copies.rules import BUILT_IN, Rule, Rules
from common_sync.core.errors import ConfigurationError, Problem
from common_sync.core.findings import CODES, page_url
from common_sync.core.model import Finding, Reference, Severity
from common_sync.core.service_plan import CopySurvey, ServicePlan
from common_sync.core.typos import nearest
from common_sync.edges.files.pages import read_page
from common_sync.edges.git.ask import explain_ignored
from common_sync.edges.git.repository import find_top
from common_sync.edges.library.targets import Target
from common_sync.edges.project.load import Project

_LAYERS = {
    "caches": "a built-in rule for caches, which are removed from copies",
    "excludes": "a built-in exclude, which is never copied and left alone in copies",
    "configuration": "the configuration",
    "gitignore": "a .gitignore file",
}


class Explanation(NamedTuple):
    """Why a path is treated as it is."""

    path: str  # path from the root
    verdict: str  # one word or two; docs/json.md lists them
    reason: str  # one sentence, without a full stop


class Page(NamedTuple):
    """What is known about a code."""

    code: str
    severity: Severity
    title: str
    url: str  # the address of the page
    text: str  # the page itself, in Markdown


def is_code(word: str) -> bool:
    """Tell whether a word is written as a code; a file of such a name is `./CS101`."""
    return word[:2].upper() == "CS" and word[2:].isdecimal()


def find_page(word: str) -> Page:
    """Return the page of a code.

    Raises:
        ConfigurationError: There is no such code.
    """
    code = word.upper()
    if code not in CODES:
        remedy = nearest(code, CODES) or f"the codes are {min(CODES)} to {max(CODES)}"
        raise ConfigurationError(Problem(f"there is no code {word}", remedy=remedy))
    return Page(code, *CODES[code], page_url(code), read_page(code))


def explain(project: Project, paths: Sequence[str]) -> list[Explanation]:
    """Say why each path is treated as it is.

    Args:
        project: The project.
        paths: Paths relative to the current folder; they need not exist.

    Raises:
        ConfigurationError: A path is outside the configuration's folder.
    """
    found = survey(project)
    return [_explain(found, _from_root(project.root, path)) for path in paths]


def _from_root(root: str, path: str) -> str:
    above, name = os.path.split(os.path.abspath(path))
    relative = os.path.relpath(os.path.join(os.path.realpath(above), name), root)
    if relative.startswith("../") or relative == "..":
        raise ConfigurationError(Problem(f"is outside {root}", path))
    return relative


def _explain(found: Survey, path: str) -> Explanation:
    for target in found.masters:
        master = target.library.master
        if path == master:
            files = len(target.snapshot.entries)
            takers = target.library.services
            into = "every service" if takers is None else ", ".join(sorted(takers))
            return Explanation(path, "the master", f"files that are copied into {into}: {files}")
        if path.startswith(master + "/"):
            return Explanation(
                path, *_in_master(target, os.path.join(found.project.root, master), path[len(master) + 1 :])
            )
    for plan in found.plans:
        if path == plan.service:
            return Explanation(path, "a service", _describe_service(plan))
    for copy in (copy for plan in found.plans for copy in plan.copies):
        if path == copy.path or path.startswith(copy.path + "/"):
            return Explanation(path, *_in_copy(copy, found.targets[copy.target], path[len(copy.path) + 1 :]))
    return Explanation(path, *_in_users_files(found, path))


def _in_master(target: Target, above: str, path: str) -> tuple[str, str]:
    full, rules = os.path.join(above, path), target.library.rules
    folder = os.path.isdir(full) and not os.path.islink(full)
    rule = rules.exclusion(path, folder=folder)
    if rule is not None:
        return "not copied", _name_rule(rule)
    inside = sum(file.startswith(path + "/") for file in target.snapshot.entries)
    if path in target.snapshot.entries or inside:
        brought_back = rules.match(path, folder)
        why = f"brought back by {_name_rule(brought_back)}" if brought_back is not None else "no rule excludes it"
        return "copied", f"{why}; files in it: {inside}" if inside else why
    if not os.path.lexists(full):
        return "not copied", "there is no such file"
    return "not copied", _why_ignored(above, path)


def _why_ignored(master: str, path: str) -> str:
    if find_top(master) is None:
        return "a .gitignore file ignores it"
    ignored = explain_ignored(master, path)
    return f"git ignores it: {ignored}" if ignored else "it holds no file that is copied"


def _in_copy(copy: CopySurvey, target: Target, path: str) -> tuple[str, str]:
    if not path:
        return copy.plan.state, f"the copy of {copy.master} in {copy.service}"
    if path in copy.plan.caches:
        rule = Rules(BUILT_IN).exclusion(path) or Rules(BUILT_IN).exclusion(path, folder=True)
        return "removed", _name_rule(rule) if rule is not None else "it is left of a run that was killed"
    operation = next((one for one in copy.plan.operations if one.path == path), None)
    if not copy.known:
        state = operation.state if operation is not None else "not there"
        return state, f"nothing here has what {copy.service} is pinned to"
    if operation is not None:
        return (
            operation.state,
            f"distribute would {operation.action} it{' only with --force' if operation.guarded else ''}",
        )
    if path in target.snapshot.entries:
        return "current", "it equals the master's"
    rule = Rules(BUILT_IN).exclusion(path) or Rules(BUILT_IN).exclusion(path, folder=True)
    return ("left alone", _name_rule(rule)) if rule is not None else ("not there", "neither master nor copy has it")


def _describe_service(plan: ServicePlan) -> str:
    """Return what a service has of the libraries, and which of its lines lead there."""
    copies = ", ".join(f"{copy.path} is its copy of {copy.source}: {copy.kind}" for copy in plan.copies)
    lines = ", ".join(
        dict.fromkeys(f"{one.file.removeprefix(f'{plan.service}/')}:{one.line}" for one in plan.references)
    )
    return f"{copies}; what leads to it: {lines}" if lines else f"{copies}; nothing of its own leads to it"


def _in_users_files(found: Survey, path: str) -> tuple[str, str]:
    """Explain a path that is in neither the master nor a copy."""
    findings = [one for one in found.findings() if one.file == path]
    references = [one for plan in found.plans for one in plan.references if one.file == path]
    if any(edit.path == path and not edit.managed for plan in found.plans for edit in plan.edits):
        leading = [one for one in references if one.state == "points-at-master"]
        where = _name_lines("the master", leading, several=len(found.masters) > 1)
        others = (_tell(one) for one in findings if one.code != "CS101")
        return "rewritten", "; ".join((f"it points at {where}", *others))
    notes = list(dict.fromkeys(map(_tell, findings)))
    if path in _list_blocks(found) and all(one.code != "CS116" for one in findings):
        notes.append("it holds a managed block")
    if notes:
        return "reported" if findings else "managed", "; ".join(notes)
    if references:
        where = _name_lines("the library", references, several=len(found.masters) > 1)
        return "left alone", f"it points at {where}, and nothing is to be rewritten"
    if builds := _list_built(found, path):
        return "left alone", f"it builds or runs {', '.join(builds)}, and nothing is to be rewritten"
    if not os.path.lexists(os.path.join(found.project.root, path)):
        return "not there", "there is no such file"
    service = next((plan.service for plan in found.plans if f"{path}/".startswith(f"{plan.service}/")), None)
    if service is None:
        return "not concerned", "it is in neither the master nor a service"
    return "not concerned", f"it is {service}'s own, and nothing in it points at the library"


def _name_lines(what: str, references: Sequence[Reference], *, several: bool) -> str:
    """Return in which lines something is pointed at; with several libraries, each is named."""
    if not several:
        return f"{what} in line {', '.join(str(one.line) for one in references)}"
    lines: dict[str, list[str]] = {}
    for one in references:
        lines.setdefault(one.library, []).append(str(one.line))
    return " and ".join(f"{what} {library} in line {', '.join(each)}" for library, each in lines.items())


def _tell(finding: Finding) -> str:
    place = "" if finding.line is None else f" in line {finding.line}"
    return f"{finding.code}{place}: {finding.message}"


def _list_blocks(found: Survey) -> set[str]:
    """Return the paths of the files that a managed block is kept in."""
    return {path for plan in found.plans for path in plan.blocks}.union(found.root.blocks)


def _list_built(found: Survey, path: str) -> list[str]:
    """Return the services that a compose file above them builds."""
    file = os.path.join(found.project.root, path)
    built = ((plan.service, found.composes.list_services(plan.service, [])) for plan in found.plans)
    return [service for service, services in built if any(file in dict(one.files) for one in services)]


def _name_rule(rule: Rule) -> str:
    place = f", {rule.file}:{rule.line}" if rule.file is not None else ""
    return f"{rule.pattern!r} in {_LAYERS[rule.layer]}{place}"
