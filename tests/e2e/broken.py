"""Services that are wrong by their own Dockerfile or .dockerignore, though their copies and references are in sync."""

from e2e.cases import INSTALL, START, UV_LOCK, UV_PROJECT, Case, stage

_REQUIREMENTS = "COPY requirements.txt ./"

UNBUILDABLE = (
    Case("never_copied", stage(_REQUIREMENTS, INSTALL, START)),
    Case("copied_after_the_install", stage(_REQUIREMENTS, INSTALL, "COPY common/ ./common/", START)),
    Case("copied_elsewhere", stage("COPY common/ /srv/common/", _REQUIREMENTS, INSTALL, START)),
    Case("working_folder_changed", stage("COPY common/ ./common/", "WORKDIR /srv", _REQUIREMENTS, INSTALL, START)),
    # COPY of a folder copies what is in it, and not the folder
    Case("contents_spilled", stage("COPY common requirements.txt ./", INSTALL, START)),
    Case("contents_spilled_by_a_wildcard", stage("COPY * ./", INSTALL, START)),
    Case(
        "only_in_the_builder_stage",
        stage("COPY . .", "RUN pip wheel --no-cache-dir -w /dist -r requirements.txt", name="build")
        + stage("COPY --from=build /dist /dist", _REQUIREMENTS, INSTALL, START),
        files={"requirements.txt": "../../common\n"},
    ),
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
    Case("installed_by_path", stage("COPY main.py ./", "RUN pip install ./common", START)),
    Case(
        "installed_by_uv_without_it",
        stage("RUN pip install uv", _REQUIREMENTS, "RUN uv pip install --system -r requirements.txt", START),
    ),
    Case(
        "synchronised_by_uv_too_early",
        stage("RUN pip install uv", "COPY pyproject.toml uv.lock ./", "RUN uv sync --frozen", "COPY . .", START),
        files={"pyproject.toml": UV_PROJECT, "uv.lock": UV_LOCK},
    ),
)
"""An image cannot be built."""

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
        "editable_in_the_builder_only",  # the final stage has a path to a folder that it does not have
        stage("COPY . .", "RUN pip install --prefix /installed -r requirements.txt", name="build")
        + stage("COPY --from=build /installed /usr/local", START),
    ),
)
"""An image can be built, but the service does not start there, or its copy is not whole."""
