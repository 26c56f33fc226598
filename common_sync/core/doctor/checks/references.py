"""The references of a service as they lie on the disk: those that leave it, and those that lead to nothing in it."""

from collections.abc import Iterable, Iterator

from common_sync.core.doctor.image.files import Context, Image, Put
from common_sync.core.doctor.install.command import Asked, Install
from common_sync.core.doctor.install.need import Need
from common_sync.core.doctor.install.needs import find_needs
from common_sync.core.doctor.view import Service, View
from common_sync.core.findings import file_finding
from common_sync.core.formats.shell.words import Word
from common_sync.core.model import Finding, below
from common_sync.core.references.kinds import is_requirements

PROJECT_FILES = frozenset({"pyproject.toml", "Pipfile"})


def list_installs(service: str, files: Iterable[str], context: Context) -> Iterator[tuple[str, Install]]:
    """Yield each file of a service that says what to install, and how it would be done.

    Args:
        service: The service's path from the root.
        files: Paths in the service of the files that pip reads, and of `pyproject.toml` and `Pipfile`.
        context: The service's files.
    """
    folder = f"/{service}"
    for file in files:
        if file == "Pipfile":
            yield file, Install("pipenv", folder, synced=True, options=(("--dev", ""),))
        elif file == "pyproject.toml":
            text = context.read(file) or ""
            yield file, Install("poetry" if "[tool.poetry" in text else "uv", folder, synced=True)
        else:
            yield file, Install("pip", folder, (Asked("file", Word(file)),))


def check_references(view: View) -> Iterator[Finding]:
    """Yield what is wrong with the references of a service as they lie; what leads to the master is told of already."""
    service = view.service
    troubles, _ = find_reference_troubles(service.path, list_asking(service), service.context, in_image=view.in_image)
    told = {(one.file, one.line) for one in service.references if one.state in {"points-at-master", "points-at-former"}}
    yield from (one for one in troubles if (f"{service.path}/{one.file}", one.line) not in told)


def list_asking(service: Service) -> list[str]:
    """Return the files beside the service's that say what to install."""
    return [file for file in service.files if "/" not in file and (is_requirements(file) or file in PROJECT_FILES)]


def list_needs(service: str, files: Iterable[str], context: Context) -> list[Need]:
    """Return what there is to be installed of a service as it lies.

    Args:
        service: The service's path from the root.
        files: As for `list_installs`.
        context: The service's files.
    """
    image = Image((Put(f"/{service}", context, ""),))
    installs = list_installs(service, files, context)
    return [need for _, install in installs for need in find_needs(install, image, context)]


def find_reference_troubles(
    service: str, files: Iterable[str], context: Context, *, in_image: bool
) -> tuple[list[Finding], list[Need]]:
    """Return what is wrong with a service's references as they lie, and what there is to be installed.

    Args:
        service: The service's path from the root.
        files: As for `list_installs`.
        context: The service's files.
        in_image: Whether the service is built into images, whose own needs are looked at there.
    """
    folder = f"/{service}"
    image = Image((Put(folder, context, ""),))
    troubles: dict[Finding, None] = {}
    needs: list[Need] = []
    for file, install in list_installs(service, files, context):
        for need in find_needs(install, image, context):
            needs.append(need)
            if need.file is None and need.path == f"{folder}/{file}":
                continue  # the file itself, which is there
            if (trouble := _judge(need, file, folder, in_image=in_image)) is not None:
                troubles[trouble] = None
    return list(troubles), needs


def _judge(need: Need, file: str, folder: str, *, in_image: bool) -> Finding | None:
    place = need.file or file
    if need.state == "missing" and need.path and below(need.path, folder) is None:
        message = f"`{need.written}` leads out of the service, and is not there where the service is built"
        return file_finding(
            "CS205", place, need.line, message, "copy what it leads to into the service, and name it there"
        )
    if in_image or need.state == "there":
        return None
    if need.state == "unknown":
        message = f"nobody can tell whether what `{need.written}` names is there: {need.reason}"
        return file_finding("CS213", place, need.line, message, "write the path out")
    kind = "CS201" if need.kind == "project" else "CS204"
    path = below(need.path, folder)
    message = f"`{need.written}` leads to {path}, which is not in the service"
    return file_finding(
        kind,
        place,
        need.line,
        f"{message}: {need.reason}" if need.reason else message,
        "copy it there, or take the line out",
        lacks=path,
    )
