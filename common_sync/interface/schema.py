"""The JSON Schema of the configuration, from what its reader itself goes by: editors complete and check it, without a run.

`validate-pyproject` finds it by its entry point; `docs/common-sync.schema.json` is the same, for editors.
Format: JSON Schema, draft 7, which all of them read.
"""

from common_sync.core.configuration import MANAGED
from common_sync.core.findings import switchable_codes
from common_sync.core.library_settings import LIBRARY_NAME, ONE_EACH
from common_sync.core.service_settings import (
    ADDRESS,
    COMMAND,
    HOW_OFTEN,
    INDEX,
    INSTALLERS,
    KEEP,
    KEPT,
    PORTS,
    PREFIX,
    PYTHON,
    SCOPES,
    SECONDS,
    SERVICE_NAME,
    SETTLE,
    SIZE,
    START_TIMEOUT,
    UNIT,
    USER,
)
from common_sync.core.upstream_settings import UPSTREAM_KEYS

Schema = dict[str, object]

URL = "https://raw.githubusercontent.com/common-sync/common-sync/main/docs/common-sync.schema.json"
"""Where editors find it."""

FOLDER = r"(?!/|~)(?!(?:.*/)?\.\.(?:/|$)).+"
"""A path that leads below: not absolute, nobody's home, and not upward."""

REPOSITORY = r"(?!-|/|~)(?!.*::)[^\x00-\x20\x7f#?\\]+"
"""A URL, or a path to a repository beside this one."""

REF = r"(?!-|/)[^\x00-\x20\x7f~^:?*\[\\]+"
"""A tag's name, or a commit's."""


def configuration_schema(_tool: str = "common-sync") -> Schema:
    """Return the schema of the tool's own table.

    Args:
        _tool: What `validate-pyproject` calls the table.
    """
    services = _strings("Folders or globs, relative to this file.", minItems=1)
    exclude = _strings("Files that are never copied: gitignore patterns, after the built-in ones.")
    managed = _strings("The files that a managed block is kept in.", items={"enum": [*MANAGED]})
    ignore = _strings("Checks of `doctor` that are switched off.", items={"enum": switchable_codes()})
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": URL,
        "title": "common-sync",
        "description": "A byte-exact, self-verifying copy of a shared library inside every service that needs it.",
        **_table(
            master=_master(),
            services=services,
            copy=_text("The copy's folder inside a service; without it, the master's folder name.", FOLDER),
            exclude=exclude,
            managed={**managed, "default": [*MANAGED]},
            ignore=ignore,
            pins=_pins(),
            library=_libraries(),
            service={
                "type": "object",
                "description": "How services are set up, by their folders.",
                "additionalProperties": _service(),
            },
            deploy=_deploy(),
        ),
        "required": ["services"],
        "oneOf": [
            {"required": ["master"]},
            {"required": ["library"], "not": {"anyOf": [{"required": [key]} for key in ONE_EACH]}},
        ],
    }


def _master() -> Schema:
    place = _table(
        git=_text("The repository: an https or ssh URL, or a path that begins with ../.", REPOSITORY),
        ref=_text("A tag, or 7 to 64 hex digits of a commit.", REF),
        path=_text("The library's folder in it.", FOLDER),
    )
    return {
        "description": "The library's folder, relative to this file; or where it is in another git repository.",
        "anyOf": [
            _text("The library's folder, relative to this file.", FOLDER),
            {**place, "required": [*UPSTREAM_KEYS]},
        ],
    }


def _pins() -> Schema:
    return {
        "type": "object",
        "description": "Services that stay at a tag or a commit of the library.",
        "additionalProperties": _text("A tag, or 7 to 64 hex digits of a commit.", REF),
    }


def _libraries() -> Schema:
    table = _table(
        master=_master(),
        name=_text("What it is called; without it, its folder's name.", LIBRARY_NAME),
        copy=_text("The copy's folder inside a service; without it, the master's folder name.", FOLDER),
        exclude=_strings("Files that are never copied: gitignore patterns, after the built-in ones."),
        services=_strings("The services that get it: folders or globs, relative to this file.", minItems=1),
        pins=_pins(),
    )
    return {
        "type": "array",
        "description": "Several libraries: each with a table of its own.",
        "items": {**table, "required": ["master", "services"]},
        "minItems": 1,
    }


def _service() -> Schema:
    return _table(
        **{
            "name": _text("What it is called in units and commands; without it, its folder's name.", SERVICE_NAME),
            "python": _text("A version, or an interpreter's absolute path.", PYTHON),
            "requirements": _text("The file in the service that says what is installed.", FOLDER),
            "installer": {"description": "What resolves and installs.", "enum": [*INSTALLERS], "default": "auto"},
            "system-site-packages": _flag("Whether the environment has the system's packages too.", default=False),
            "pip-config": _flag("Whether pip's settings count for uv too.", default=True),
            "compile": _flag("Whether `.pyc` files are written when the environment is built.", default=True),
            "command": _text("What starts it; `{port}` stands for its port.", COMMAND),
            "port": _number("The port that it listens at.", PORTS),
            "env-file": _text("The absolute path of a file of variables.", "/.+"),
            "after": _strings("The units that are started before it.", items=_text("A unit.", UNIT)),
            "memory": _text("The most memory that it may use, as `200M`.", SIZE),
            "health": _text(
                "What proves that it is well: a URL or a command; without it, that it listens at its port, or runs.",
                COMMAND,
            ),
            "start-timeout": _number("Seconds that a release has to become well.", SECONDS, default=START_TIMEOUT),
            "settle": _number("Seconds that it must stay so.", SECONDS, default=SETTLE),
            "check": _text("What is run in a new release before it is switched to; it must end with 0.", COMMAND),
            "before": _text("What is done in a new release before it is switched to, such as a migration.", COMMAND),
            "socket": _text("The address at which systemd listens for it, at its port.", ADDRESS),
            "library": {"description": "Takes the library from an index, and has no copy.", "enum": [INDEX]},
            "persistent": _strings("Paths in it that outlive its releases.", items=_text("A path.", FOLDER)),
        }
    )


def _deploy() -> Schema:
    table = _table(
        **{
            "min-free": _text("How much must be free before an environment is built, as `150M`.", SIZE),
            "prefix": _text("What the name of each unit begins with; without it, the root folder's name.", PREFIX),
            "scope": {
                "description": "Whose units are: the machine's, or those of the user who runs common-sync.",
                "enum": [*SCOPES],
                "default": SCOPES[0],
            },
            "user": _text("Who runs the services; without it, the owner of each one's folder.", USER),
            "to": _text("The absolute path of the folder that releases are in.", "/.+"),
            "clean": _text("How often systemd runs `env clean`; without it, never.", HOW_OFTEN),
            "keep": _number("How many releases of a service are kept.", KEPT, default=KEEP),
        }
    )
    return {"description": "What holds for all services that are set up.", **table}


def _table(**keys: object) -> Schema:
    return {"type": "object", "additionalProperties": False, "properties": keys}


def _text(description: str, whole: str = "", **more: object) -> Schema:
    """Return the schema of a string.

    Args:
        description: What it says, in an editor.
        whole: The regular expression that all of it matches.
        more: What else holds for it.
    """
    pattern: Schema = {"pattern": f"^(?:{whole})$"} if whole else {}
    return {"description": description, "type": "string", **pattern, **more}


def _strings(description: str, **more: object) -> Schema:
    return {"description": description, "type": "array", "items": {"type": "string"}, **more}


def _flag(description: str, *, default: bool) -> Schema:
    return {"description": description, "type": "boolean", "default": default}


def _number(description: str, allowed: range, **more: int) -> Schema:
    return {"description": description, "type": "integer", "minimum": allowed[0], "maximum": allowed[-1], **more}
