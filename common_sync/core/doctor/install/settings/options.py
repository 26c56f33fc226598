"""Options of pip and uv by which an install stops: those that they do not know, and those that ask for what is not there.

Sources: `pip install --help` (26.3) and `uv pip install --help`, `uv sync --help` (0.13), and what these took in a trial.
"""

from collections.abc import Iterator
from itertools import takewhile

from common_sync.core.doctor.install.command import TAKE_VALUE, Install
from common_sync.core.doctor.install.need import Need
from common_sync.core.doctor.install.project.projects import Project
from common_sync.core.formats.pip.names import normalise
from common_sync.core.formats.shell.script import Command

_BOTH = """
break-system-packages build-constraint cache-dir cert config-settings constraint disable-pip-version-check
dry-run editable extra-index-url find-links force-reinstall group help index-url isolated keyring-provider
no-binary no-build-isolation no-cache-dir no-color no-compile no-deps no-index only-binary pre prefix python
python-version quiet require-hashes requirement target trusted-host upgrade user verbose version
"""
_OF_PIP = """
abi all-releases build-option check-build-dependencies client-cert compile debug dest exists-action
global-option hash ignore-installed ignore-requires-python implementation local-log log log-file no-clean
no-input no-proxy-env no-python-version-warning no-require-hashes no-use-pep517 no-verify no-warn-conflicts
no-warn-script-location only-deps only-final platform prefer-binary progress-bar proxy refresh-package report
require-virtualenv requirements-from-script resume-retries retries root root-user-action src timeout
upgrade-strategy uploaded-prior-to use-deprecated use-feature use-pep517 wheel-dir
"""
_OF_UV = """
active all all-extras all-groups all-packages allow-empty-requirements allow-insecure-host
allow-python-downloads build build-constraints check color compile-bytecode config-file config-setting
config-settings-package constraints default-index deps dev directory exact exclude exclude-newer
exclude-newer-package excludes extra fork-strategy frozen index index-strategy inexact link-mode locked
managed-python native-tls no-active no-allow-empty-requirements no-binary-package no-break-system-packages
no-build no-build-isolation-package no-build-package no-cache no-compile-bytecode no-config no-default-groups
no-dev no-editable no-editable-package no-env-file no-extra no-group no-install-local no-install-package
no-install-project no-install-workspace no-managed-python no-native-tls no-preview no-progress no-project
no-python-downloads no-refresh no-reinstall no-require-build-hashes no-sources no-sources-package no-strict
no-sync no-system no-upgrade no-verify-hashes offline only-dev only-emit only-group output-format override
overrides package prerelease prerelease-package preview preview-features project python-fetch python-platform
python-preference refresh refresh-package reinstall reinstall-package require-build-hashes requirements
resolution script show-settings strict system system-certs torch-backend upgrade-group upgrade-package
verify-hashes
"""
_KNOWN = {"pip": frozenset((_BOTH + _OF_PIP).split()), "uv": frozenset((_BOTH + _OF_UV).split())}
_ENVIRONMENTS_ONLY = "--require-virtualenv"


def refuse_options(install: Install, command: Command) -> Iterator[Need]:
    """Yield what an installer refuses, or may refuse, by its command line alone.

    Args:
        install: What is installed.
        command: What installs it.
    """
    words = [word.text for word in command.words]
    if install.tool not in _KNOWN or "run" in words[:3] or "pip-sync" in words[:1]:
        return
    for word in takewhile(lambda word: word != "--", words):
        name = word.partition("=")[0]
        if name.startswith("--") and not _is_known(name, install.tool):
            reason = f"{install.tool} may not know `{name}`, and stop"
            yield Need("file", name, "", "unknown", reason)
    if install.tool == "uv" and not install.synced and "--user" in words:
        yield Need("project", "--user", "", "there", refused="uv has no `--user`", brought=False)


def _is_known(name: str, tool: str) -> bool:
    """Tell whether a tool takes an option; pip takes the beginning of one, too, of which nobody here reads the value."""
    known = {f"--{one}" for one in _KNOWN[tool]}
    return name in known or (tool == "pip" and any(one.startswith(name) for one in known - TAKE_VALUE))


def refuse_outside(install: Install, command: Command, *, inside: bool) -> Iterator[Need]:
    """Yield that pip is told to stop where it installs into no virtual environment.

    Args:
        install: What is installed.
        command: What installs it.
        inside: Whether its Python is that of a virtual environment, or may be.
    """
    told = install.tool == "pip" and install.has(_ENVIRONMENTS_ONLY)
    if told and not inside and "/" not in command.words[0].text and not install.has("--python"):
        refused = "it is told to install into a virtual environment only"
        yield Need("project", _ENVIRONMENTS_ONLY, "", "there", refused=refused, brought=False)


def refuse_absent(install: Install, project: Project) -> Iterator[Need]:
    """Yield the groups, extras and members that uv is asked for by name, and a project does not have.

    Args:
        install: What is installed.
        project: The project; what members of a workspace have is not known here.
    """
    if install.tool != "uv" or not install.synced or project.workspace or project.begins:
        return
    of_groups = (project.groups, "group")
    kinds = {
        **dict.fromkeys(("--group", "--only-group", "--no-group"), of_groups),
        **dict.fromkeys(("--extra", "--no-extra"), (project.extras, "extra")),
        "--package": ((project.name,), "member"),
    }
    for option, (there, kind) in kinds.items():
        for value in install.values(option):
            if normalise(value) not in {normalise(one) for one in there}:
                written = f"{option} {value}"
                yield Need(
                    "project", written, "", "there", refused=f"the project has no {kind} `{value}`", brought=False
                )
