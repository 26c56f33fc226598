"""How services are set up: `[tool.common-sync.service."..."]` and `[tool.common-sync.deploy]`. Parsed, not trusted."""

from typing import Literal, NamedTuple

from common_sync.core.settings import Reader, Setting, nearest, why_no_folder

SERVICE_KEYS = ("name", "python", "requirements", "installer", "system-site-packages", "pip-config", "compile")
DEPLOY_KEYS = ("min-free",)

InstallerName = Literal["auto", "uv", "pip"]

_INSTALLERS: dict[str, InstallerName] = {"auto": "auto", "uv": "uv", "pip": "pip"}
_UNITS = {"K": 10, "M": 20, "G": 30}
_PYTHON = r"3\.\d{1,2}(?:\.\d{1,3})?|/.+"
_NAME = r"[a-z0-9-]+"
_SIZE = r"[0-9]{1,12}[KMG]?"


class ServiceSettings(NamedTuple):
    """How one service is set up."""

    service: Setting  # the service as the configuration names it, and the line of its table
    name: Setting | None = None  # what it is called where paths do not go; None for the last part of its path
    python: Setting | None = (
        None  # a version, `3.12` or `3.12.1`, or an interpreter's absolute path; None for the version that runs the tool
    )
    requirements: Setting | None = (
        None  # the file in the service that says what is installed; None for the first one that is found
    )
    installer: InstallerName = "auto"  # what resolves and installs
    system_site_packages: bool = False  # whether the environment has the system's packages too
    pip_config: bool = True  # whether pip's settings count for uv, too
    compile: bool = True  # whether `.pyc` files are written when the environment is built


def read_services(reader: Reader) -> tuple[ServiceSettings, ...]:
    """Return how services are set up, one for each that has a table.

    Args:
        reader: Reads the tool's own table.
    """
    return tuple(_read_service(name, one) for name, one in reader.tables("service").items())


def _read_service(name: str, reader: Reader) -> ServiceSettings:
    reader.check_keys(SERVICE_KEYS)
    requirements = reader.setting("requirements", ".+", '"requirements.txt"')
    if requirements is not None and (reason := why_no_folder(requirements.value)):
        reader.complain(
            "requirements", f'"requirements" is {requirements.value!r}, which {reason}', "name a file in the service"
        )
    installer = reader.setting("installer", ".*", '"auto"')
    if installer is not None and installer.value not in _INSTALLERS:
        remedy = nearest(installer.value, _INSTALLERS) or f"the words are {', '.join(_INSTALLERS)}"
        reader.complain("installer", f'"installer" cannot be {installer.value!r}', remedy)
    system = reader.flag("system-site-packages", default=False)
    if system and installer is not None and installer.value == "uv":
        message = "uv does not see the system's packages, and would install them again"
        reader.complain("installer", message, 'installer = "pip"')
    return ServiceSettings(
        Setting(name, reader.line),
        reader.setting("name", _NAME, '"api"'),
        reader.setting("python", _PYTHON, '"3.12"'),
        requirements,
        _INSTALLERS.get(installer.value, "auto") if installer is not None else "auto",
        system,
        reader.flag("pip-config", default=True),
        reader.flag("compile", default=True),
    )


def read_min_free(reader: Reader, default: int) -> int:
    """Return how many bytes must be free before an environment is built.

    Args:
        reader: Reads the tool's own table.
        default: How many, where it says nothing.
    """
    deploy = reader.table("deploy")
    if deploy is None:
        return default
    deploy.check_keys(DEPLOY_KEYS)
    size = deploy.setting("min-free", _SIZE, '"150M"')
    return default if size is None else parse_size(size.value)


def parse_size(text: str) -> int:
    """Return bytes.

    Args:
        text: A number with `K`, `M`, `G` or nothing after it.
    """
    return int(text.rstrip("KMG")) << _UNITS.get(text[-1], 0)
