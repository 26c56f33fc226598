"""Services that are wrong by their own Dockerfile or .dockerignore, though their copies and references are in sync."""

from e2e.cases import (
    INSTALL,
    LIBRARY,
    NAMED_LIKE_ITS_FOLDER,
    START,
    START_BY_UV,
    UV_LOCK,
    UV_PROJECT,
    Case,
    official,
    stage,
)

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

_HASH = "--hash=sha256:" + "82fee1fc" * 8
_HATCH = """\
[build-system]
requires = ["hatchling>=1.24"]
build-backend = "hatchling.build"

[project]
name = "our-common"
dynamic = ["version"]

"""
_BY_PATH = stage("COPY . .", "RUN pip install ./common", START)

_SETUPTOOLS = {
    **LIBRARY,
    "pyproject.toml": _HATCH.replace("hatchling>=1.24", "setuptools>=68")
    .replace("hatchling.build", "setuptools.build_meta")
    .replace('dynamic = ["version"]', 'version = "1"'),
}

REFUSED = (
    Case("hash_checking", stage("COPY . .", "RUN pip install --require-hashes -r requirements.txt", START)),
    Case("hash_checking_by_a_variable", stage("COPY . .", "ENV PIP_REQUIRE_HASHES=1", INSTALL, START)),
    Case(
        "hash_beside_it",
        stage("COPY . .", INSTALL, START),
        files={"requirements.txt": f"../../common\nwheel==0.1 {_HASH}\n"},
    ),
    Case("name_and_path", stage("COPY . .", INSTALL, START), files={"requirements.txt": "our-common @ ../../common\n"}),
    Case(
        "path_and_egg", stage("COPY . .", INSTALL, START), files={"requirements.txt": "../../common#egg=our-common\n"}
    ),
    Case("constraint_by_a_variable", stage("COPY . .", "ENV PIP_CONSTRAINT=c.txt", INSTALL, START)),
    Case(
        "constraint_of_uv_by_a_variable",
        stage("RUN pip install uv", "COPY . .", "RUN UV_CONSTRAINT=c.txt uv pip install --system ./common", START),
    ),
    Case(
        "links_that_are_not_there",
        stage("RUN pip install uv", "COPY . .", "RUN uv pip install --system -f ./w ./common", START),
    ),
    Case(
        "version_in_a_file_outside",
        _BY_PATH,
        library={**LIBRARY, "pyproject.toml": f'{_HATCH}[tool.hatch.version]\npath = "../version.py"\n'},
    ),
    Case(
        "packed_from_outside",
        _BY_PATH,
        library={
            **LIBRARY,
            "pyproject.toml": _HATCH.replace('dynamic = ["version"]', 'version = "1"')
            + '[tool.hatch.build.targets.wheel.force-include]\n"../schemas" = "our_common/schemas"\n',
        },
    ),
    Case(
        "setuptools_in_a_mount",
        stage("RUN --mount=type=bind,source=common,target=/src pip install /src", START),
        library=_SETUPTOOLS,
    ),
    Case(
        "setuptools_by_a_user_who_may_not_write",
        stage("COPY . .", "ENV HOME=/tmp", "USER 1000", "RUN pip install --user ./common", START),
        library=_SETUPTOOLS,
    ),
    Case(
        "version_in_hatch_toml",
        _BY_PATH,
        library={**LIBRARY, "pyproject.toml": _HATCH, "hatch.toml": '[version]\npath = "our_common/version.py"\n'},
    ),
    Case(
        "module_of_another_name",
        _BY_PATH,
        library={**LIBRARY, "pyproject.toml": f'{LIBRARY["pyproject.toml"]}[tool.flit.module]\nname = "ours"\n'},
    ),
    Case(
        "option_that_no_requirements_file_takes",
        stage("COPY . .", INSTALL, START),
        files={"requirements.txt": "../../common\n--no-deps\n"},
    ),
    Case(
        "version_that_a_folder_of_packages_lacks",
        stage("COPY . .", "RUN pip install --no-index --find-links w wheel==0.1 ./common", START),
        files={"w/wheel-0.45.1-py3-none-any.whl": ""},
    ),
)
"""An image cannot be built, because the installer refuses what it reads, whatever is copied."""

ENDED = (
    (
        Case(
            "runs_a_script_that_is_not_there_yet",
            stage(
                "COPY requirements.txt ./",
                "COPY common common",
                INSTALL,
                "RUN python3 tools/make.py",
                "COPY . .",
                START,
            ),
            files={"tools/make.py": ""},
            verdict="unknown",
        ),
        "(?i)can't open file",
    ),
    (
        Case(
            "needs_buildkit_and_is_built_without",
            stage("COPY . .", "RUN --mount=type=cache,target=/c true", INSTALL, START),
            files={"build.sh": "DOCKER_BUILDKIT=0 docker build .\n"},
            buildkit=False,
            verdict="unknown",
        ),
        "the --mount option requires BuildKit",
    ),
    (
        Case(
            "imported_before_the_install",
            stage("COPY . .", "RUN python3 -c 'import our_common'", INSTALL, START),
            verdict="broken",
        ),
        "No module named 'our_common'",
    ),
    (
        Case(
            "runs_curl_in_a_slim_image",
            official("COPY . .", "RUN curl -o x https://x.invalid", START),
            files={"requirements.txt": ""},
            verdict="broken",
        ),
        "curl: not found",
    ),
    (
        Case(
            "fetched_by_a_git_that_nothing_installs",
            official("COPY . .", "RUN pip install git+https://x.invalid/x", START),
            files={"requirements.txt": ""},
            verdict="broken",
        ),
        "Cannot find command 'git'",
    ),
    (
        Case(
            "synchronised_by_a_uv_that_nothing_installs",
            official("COPY . .", "RUN uv sync --frozen", START),
            files={"pyproject.toml": UV_PROJECT, "uv.lock": UV_LOCK},
            verdict="unknown",
        ),
        "uv: not found",
    ),
    (
        Case(
            "copied_from_a_stage_without_it",
            stage("COPY . .", INSTALL, name="build")
            + stage("COPY --from=build /nosuch ./x", "COPY . .", INSTALL, START),
            verdict="unknown",
        ),
        "/nosuch.* not found",
    ),
    (
        Case(
            "copied_from_a_stage_without_it_by_the_classic_builder",
            stage("COPY . .", INSTALL, name="build")
            + stage("COPY --from=build /nosuch ./x", "COPY . .", INSTALL, START),
            buildkit=False,
            verdict="unknown",
        ),
        "nosuch: file does not exist",
    ),
    (
        Case(
            "files_left_out_of_a_copy_by_the_classic_builder",  # no release of it knows the flag, old ones of BuildKit do not
            stage("COPY --exclude=*.md . .", INSTALL, START),
            buildkit=False,
            verdict="unknown",
        ),
        "(?i)unknown flag: exclude",
    ),
)
"""A build ends at a line that installs nothing: its case, and what Docker says."""

_IN_ANOTHER_PLACE = (
    stage(
        "COPY . .",
        "RUN python3 -m venv --system-site-packages /venv && /venv/bin/pip install uvicorn ./common",
        name="build",
    )
    + stage("COPY --from=build /venv /opt/venv", START).rpartition("CMD")[0]
    + "CMD {}\n"
)

UNUSABLE = (
    Case("script_that_is_not_there", stage("COPY . .", INSTALL, 'CMD ["python3", "missing.py"]')),
    Case("program_that_is_not_there", stage("COPY . .", INSTALL, 'CMD ["./run.sh"]')),
    Case(
        "script_without_an_x_bit",
        stage("COPY . .", INSTALL, 'CMD ["./run.sh"]'),
        files={"run.sh": "#!/bin/sh\nexec python3 main.py\n"},
    ),
    Case(
        "script_by_its_name_without_an_x_bit",
        stage("COPY . .", INSTALL, "COPY run.sh /usr/local/bin/", 'ENTRYPOINT ["run.sh"]'),
        files={"run.sh": "#!/bin/sh\nexec python3 main.py\n"},
    ),
    Case(
        "script_by_its_name_with_cr_lf",
        stage("COPY . .", INSTALL, "COPY --chmod=755 run.sh /usr/local/bin/", 'ENTRYPOINT ["run.sh"]'),
        files={"run.sh": "#!/bin/sh\r\nexec python3 main.py\r\n"},
    ),
    Case(
        "script_with_cr_lf_for_a_shell",
        stage("COPY . .", INSTALL, 'CMD ["sh", "run.sh"]'),
        files={"run.sh": "exec python3 main.py\r\n"},
    ),
    Case(
        "script_in_no_folder_of_path",
        official("COPY . .", "RUN chmod +x run.sh", 'CMD ["run.sh"]'),
        files={"requirements.txt": "", "run.sh": "#!/bin/sh\nexec python3 main.py\n"},
    ),
    Case(
        "wrapper_that_nothing_installs",
        official("COPY . .", 'CMD ["tini", "--", "python3", "main.py"]'),
        files={"requirements.txt": ""},
    ),
    Case(
        "first_line_that_names_the_python_of_a_system",
        official("COPY . .", "RUN chmod +x main.py", 'CMD ["./main.py"]'),
        files={
            "requirements.txt": "",
            "main.py": "#!/usr/bin/python3\nfrom our_common.health import serve\n\nserve()\n",
        },
    ),
    Case(
        "operator_in_an_exec_form",
        stage("COPY . .", INSTALL, 'CMD ["python3", "-c", "print(1)", "&&", "python3", "main.py"]'),
    ),
    Case("variable_in_an_exec_form", stage("COPY . .", INSTALL, 'CMD ["python3", "-m", "http.server", "$PORT"]')),
    Case(
        "environment_in_another_place",
        _IN_ANOTHER_PLACE.format('["/opt/venv/bin/uvicorn", "main:app"]'),
    ),
    Case(
        "environment_in_another_place_activated",
        _IN_ANOTHER_PLACE.format(". /opt/venv/bin/activate && python3 main.py"),
    ),
    Case(
        "program_of_an_environment_that_nothing_installs",
        stage(
            "COPY . .",
            "RUN python3 -m venv --system-site-packages /opt/venv && /opt/venv/bin/pip install ./common",
            'CMD ["/opt/venv/bin/gunicorn", "main:app"]',
        ),
    ),
    Case(
        "script_of_a_project_that_nothing_installs",
        stage("COPY . .", INSTALL, 'CMD ["serve-api"]'),
        files={
            "pyproject.toml": '[project]\nname = "api"\nversion = "1"\n[project.scripts]\nserve-api = "main:serve"\n'
        },
    ),
    Case("server_that_nothing_installs", stage("COPY . .", INSTALL, 'CMD ["gunicorn", "main:app"]')),
    Case(
        "isolated_from_its_path",  # -I passes over PYTHONPATH
        stage("ENV PYTHONPATH=/app/common", "COPY . .", 'CMD ["python3", "-I", "main.py"]'),
        files={"requirements.txt": ""},
    ),
    Case(
        "script_in_another_folder",  # Python looks beside the script, and not into the current folder
        stage("COPY common/our_common ./our_common", "COPY main.py src/main.py", 'CMD ["python3", "src/main.py"]'),
        files={"requirements.txt": ""},
        copy_in_image=None,
    ),
    Case(
        "asked_a_program_before",  # the script goes on without the install
        stage("COPY . .", "RUN python3 none.py && pip install -r requirements.txt; rm -rf x", START),
        copy_in_image=None,
        verdict="unknown",
    ),
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
        "editable_from_a_mount",
        stage(_REQUIREMENTS, f"RUN --mount=type=bind,source=common,target=common {INSTALL[4:]}", START),
        copy_in_image=None,
    ),
    Case(
        "editable_and_removed",
        stage("COPY . .", f"{INSTALL} && rm -rf common", START),
        copy_in_image=None,
    ),
    Case(
        "namespace_that_nothing_installs",
        stage("COPY . .", START),
        files={"requirements.txt": "", "main.py": "from corp.common.health import serve\n\nserve()\n"},
        library={f"corp/common/{path.partition('/')[2]}": text for path, text in LIBRARY.items() if "/" in path}
        | {"setup.py": 'from setuptools import setup\n\nsetup(name="corp-common", packages=["corp.common"])\n'},
        copy_in_image=None,
    ),
    Case(
        "editable_in_a_builder_by_the_folder_of_python",
        stage("COPY . .", "RUN pip install -e ./common", name="build")
        + stage("COPY --from=build /usr/local/lib /usr/local/lib", START),
        copy_in_image=None,
    ),
    Case(
        "editable_in_an_environment_of_any_name",
        stage(
            "COPY . .",
            "RUN python3 -m venv --system-site-packages /opt/py && /opt/py/bin/pip install -e ./common",
            name="build",
        )
        + stage("COPY --from=build /opt/py /opt/py", START.replace('"python3"', '"/opt/py/bin/python3"')),
        copy_in_image=None,
    ),
    Case(
        "editable_in_the_builder_only",  # the final stage has a path to a folder that it does not have
        stage("COPY . .", "RUN pip install --prefix /installed -r requirements.txt", name="build")
        + stage("COPY --from=build /installed /usr/local", START),
    ),
)
"""An image can be built, but the service does not start there, or its copy is not whole."""
