"""Services that are wrong by their own Dockerfile or .dockerignore, though their copies and references are in sync."""

from e2e.cases import INSTALL, LIBRARY, NAMED_LIKE_ITS_FOLDER, START, START_BY_UV, UV_LOCK, UV_PROJECT, Case, stage

_REQUIREMENTS = "COPY requirements.txt ./"

MENDABLE = (
    Case("never_copied", stage(_REQUIREMENTS, INSTALL, START)),
    Case("copied_after_the_install", stage(_REQUIREMENTS, INSTALL, "COPY common/ ./common/", START)),
    Case("copied_elsewhere", stage("COPY common/ /srv/common/", _REQUIREMENTS, INSTALL, START)),
    Case("working_folder_changed", stage("COPY common/ ./common/", "WORKDIR /srv", _REQUIREMENTS, INSTALL, START)),
    Case(
        "installed_from_elsewhere",
        stage("COPY . .", "WORKDIR /", "RUN pip install -r app/requirements.txt", "WORKDIR /app", START),
    ),
    Case(
        "installed_by_uv_from_elsewhere",
        stage(
            "RUN pip install uv", "COPY . .", "WORKDIR /", "RUN uv pip install --system -r app/requirements.txt", START
        ),
    ),
    # COPY of a folder copies what is in it, and not the folder
    Case("contents_spilled", stage("COPY common requirements.txt ./", INSTALL, START)),
    Case("contents_spilled_by_a_wildcard", stage("COPY * ./", INSTALL, START)),
    Case(
        "only_in_the_builder_stage",
        stage("COPY . .", "RUN pip wheel --no-cache-dir -w /dist -r requirements.txt", name="build")
        + stage("COPY --from=build /dist /dist", _REQUIREMENTS, INSTALL, START),
        files={"requirements.txt": "../../common\n"},
    ),
    Case("installed_by_path", stage("COPY main.py ./", "RUN pip install ./common", START)),
    Case(
        "installed_by_uv_without_it",
        stage("RUN pip install uv", _REQUIREMENTS, "RUN uv pip install --system -r requirements.txt", START),
    ),
    Case(
        "synchronised_by_uv_too_early",
        stage("RUN pip install uv", "COPY pyproject.toml uv.lock ./", "RUN uv sync --frozen", "COPY . .", START_BY_UV),
        files={"pyproject.toml": UV_PROJECT, "uv.lock": UV_LOCK},
    ),
)
"""An image cannot be built for want of a line, which `doctor --fix` puts in."""

UNBUILDABLE = (
    Case("wrong_case", stage("COPY Common/ ./common/", _REQUIREMENTS, INSTALL, START)),
    Case(
        "ignored",
        stage("COPY common/ ./common/", _REQUIREMENTS, INSTALL, START),
        files={".dockerignore": "common/\n"},
    ),
    Case(
        "forgotten_by_an_allow_list",
        stage("COPY . .", INSTALL, START),
        files={".dockerignore": "*\n!requirements.txt\n!*.py\n"},
    ),
    Case(
        "ignored_for_this_dockerfile",
        stage("COPY . .", INSTALL, START),
        files={".dockerignore": "**/__pycache__\n", "Dockerfile.dockerignore": "common\n"},
    ),
    Case(
        "its_project_file_ignored",
        stage("COPY . .", INSTALL, START),
        files={".dockerignore": "**/pyproject.toml\n"},
    ),
    Case(
        "half_brought_back",
        stage("COPY . .", INSTALL, START),
        files={".dockerignore": "common\n!common/our_common\n"},
    ),
    Case(
        "library_for_a_newer_python",
        stage("COPY . .", INSTALL, START),
        library={**LIBRARY, "pyproject.toml": LIBRARY["pyproject.toml"].replace(">=3.11", ">=3.99")},
    ),
)
"""An image cannot be built, and a person has to say how it is to be."""

UNUSABLE = (
    Case(
        "a_module_ignored",
        stage("COPY . .", INSTALL, START),
        files={".dockerignore": "**/health.py\n"},
    ),
    Case(
        "the_manifest_ignored",
        stage("COPY . .", INSTALL, START),
        files={".dockerignore": "**/.*\n"},
    ),
    Case(
        "imported_by_path_without_it",
        stage("ENV PYTHONPATH=/app/common", "COPY requirements.txt ./", START),
        files={"requirements.txt": ""},
    ),
    Case(
        "folder_taken_for_the_package",  # nobody installed it, and /app/common is not /app/common/common
        stage("COPY . .", START),
        files={"requirements.txt": "", "main.py": "from common.health import serve\n\nserve()\n"},
        library=NAMED_LIKE_ITS_FOLDER,
    ),
    Case(
        "editable_in_the_builder_only",  # the final stage has a path to a folder that it does not have
        stage("COPY . .", "RUN pip install --prefix /installed -r requirements.txt", name="build")
        + stage("COPY --from=build /installed /usr/local", START),
    ),
)
"""An image can be built, but the service does not start there, or its copy is not whole."""
