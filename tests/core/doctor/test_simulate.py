"""Dockerfiles and build contexts → what a build would stumble over. `make e2e` holds verdicts like these against Docker."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.contexts import BASE, FILES, INSTALL, LIBRARY, NEWEST, context_of, follow, troubles_of

from common_sync.core.doctor.build.simulate import simulate
from common_sync.core.doctor.image.files import Anything, Doubt, Files, Gone, Image, Inline, Made, Place, Put, Rooted
from common_sync.core.formats.dockerfile.syntax import parse_dockerfile
from common_sync.core.text import UnparsableError

COPY = "COPY requirements.txt ./\n"
LIB = "COPY common/ ./common/\n"


def codes(dockerfile: str, files: Mapping[str, str] = FILES, dockerignore: str = "") -> str:
    """Return what is wrong, in short: codes and lines."""
    return " ".join(f"{one.code}:{one.line}" for one in troubles_of(dockerfile, files, dockerignore))


DOCKERFILES = [
    # what is copied where
    ("as it should be", BASE + LIB + COPY + INSTALL, ""),
    ("everything", BASE + "COPY . .\n" + INSTALL, ""),
    ("everything, by its absolute path", BASE + "COPY / /app/\n" + INSTALL, ""),
    ("never copied", BASE + COPY + INSTALL, "CS201:4"),
    ("copied too late", BASE + COPY + INSTALL + LIB, "CS201:4"),
    ("neither", BASE + INSTALL, "CS204:3"),
    ("copied elsewhere", BASE + "COPY common /srv/common\n" + COPY + INSTALL, "CS201:5"),
    ("its contents spilled", BASE + "COPY common requirements.txt ./\n" + INSTALL, "CS201:4"),
    ("another folder to work in", BASE + LIB + "WORKDIR /srv\n" + COPY + INSTALL, "CS201:6"),
    ("a folder below to work in", BASE + "COPY . .\nWORKDIR sub\n" + INSTALL, "CS204:5"),
    (
        "the old working folder named",
        BASE + "COPY . .\nWORKDIR sub\nRUN cd .. && pip install -r requirements.txt\n",
        "",
    ),
    (
        "JSON",
        BASE
        + 'COPY ["common", "./common"]\nCOPY ["requirements.txt", "."]\nRUN ["pip", "install", "-r", "requirements.txt"]\n',
        "",
    ),
    ("JSON, without", BASE + COPY + 'RUN ["pip", "install", "-r", "requirements.txt"]\n', "CS201:4"),
    ("small letters", "from python\nworkdir /app\ncopy . .\nrun pip install -r requirements.txt\n", ""),
    (
        "a file into a folder",
        BASE + "COPY . lib\nCOPY requirements.txt lib\nRUN cd lib && pip install -r requirements.txt\n",
        "",
    ),
    ("a file under another name", BASE + LIB + "COPY requirements.txt reqs\nRUN pip install -r reqs\n", ""),
    ("a file's name where a folder was", BASE + LIB + "COPY requirements.txt reqs\n" + INSTALL, "CS204:5"),
    ("wildcards", BASE + "COPY req*.txt ./\nCOPY commo? ./common/\n" + INSTALL, ""),
    ("a class of characters", BASE + "COPY [!x]equirements.txt ./\nCOPY [^x]ommon common\n" + INSTALL, ""),
    ("a wildcard for a folder in the path", BASE + COPY + "COPY */pyproject.toml ./common/\n" + INSTALL, "CS213:5"),
    ("a wildcard that matches nothing", BASE + "COPY . .\nCOPY none*.txt ./\n" + INSTALL, ""),
    ("a wildcard in a folder that is not there", BASE + "COPY . .\nCOPY none/*.txt ./\n" + INSTALL, "CS202:4"),
    ("not there", BASE + "COPY . .\nCOPY nothing.txt ./\n" + INSTALL, "CS202:4"),
    ("in another case", BASE + "COPY . .\nCOPY Common/ ./x/\n" + INSTALL, "CS202:4"),
    ("from above", BASE + "COPY ../../common ./common\n" + COPY + INSTALL, "CS203:3"),
    ("from above, where nothing is", BASE + "COPY ../other .\nCOPY . .\n" + INSTALL, "CS203:3 CS202:3"),
    ("parents", NEWEST + "COPY --parents ./common/pyproject.toml common/our_common ./\n" + COPY + INSTALL, ""),
    (
        "parents below a pivot",
        NEWEST + "COPY --parents ./services/../lib/./x* ./common/./[po]* ./common/\n" + COPY + INSTALL,
        "CS202:4",
    ),
    (
        "parents below pivots",
        NEWEST + "COPY --parents ./commo*/./[po]* ./././requirements.txt ./\nRUN pip install .\n",
        "",
    ),
    (
        "parents of a stage",
        NEWEST
        + "COPY . /srv/x\nFROM x\nWORKDIR /app\nCOPY --parents --from=0 /srv/./x/common /app/\nRUN pip install ./x/common\n",
        "",
    ),
    ("only some of it", NEWEST + "COPY --exclude=*.toml common ./common\n" + COPY + INSTALL, "CS201:6"),
    ("ADD", BASE + "ADD common common\nADD requirements.txt .\n" + INSTALL, ""),
    ("an archive", BASE + COPY + "ADD x.tar.gz ./\n" + INSTALL, "CS213:5"),
    ("a URL", BASE + COPY + "ADD https://example.invalid/x ./\n" + INSTALL, "CS213:5"),
    ("text in the file itself", BASE + "COPY <<EOF requirements.txt\n-e ./common\nEOF\n" + INSTALL, "CS201:6"),
    (
        "the same in a folder",
        BASE + LIB + "COPY <<-requirements.txt ./\n\t-e ./common\nrequirements.txt\n" + INSTALL,
        "",
    ),
    ("the same with a variable", BASE + LIB + "COPY <<EOF requirements.txt\n-e $X\nEOF\n" + INSTALL, "CS213:7"),
    # variables
    (
        "variables",
        "ARG V=3.12\nFROM python:$V\nARG L=common\nENV R=requirements.txt D=/srv\nWORKDIR $D\nCOPY $L $L\nCOPY ${R} ./\nRUN pip install -r $R\n",
        "",
    ),
    ("a source that nobody knows", BASE + "ARG L\nCOPY $L ./common\n" + COPY + INSTALL, "CS213:4 CS213:6"),
    ("a folder to work in that nobody knows", BASE + "ARG D\nWORKDIR $D\n" + COPY + INSTALL, "CS213:4 CS213:6"),
    ("a file to read that nobody knows", BASE + "COPY . .\nARG R\nRUN pip install -r $R\n", "CS213:5"),
    ("a version that nobody knows", BASE + "COPY . .\nARG V\nRUN pip install poetry==$V -r requirements.txt\n", ""),
    ("a base image that nobody knows", "ARG B\nFROM $B\nWORKDIR /app\n" + COPY + INSTALL, "CS213:5"),
    ("a base image that may hold it", "FROM registry.invalid/team/base:1\nWORKDIR /app\n" + COPY + INSTALL, "CS213:4"),
    (
        "the same with all that is needed",
        "FROM registry.invalid/team/base:1\nWORKDIR /app\n" + COPY + LIB + INSTALL,
        "",
    ),
    # commands before it
    ("removed", BASE + "COPY . .\nRUN rm -rf common && pip install -r requirements.txt\n", "CS201:4"),
    ("removed by a pattern", BASE + "COPY . .\nRUN rm -rf comm*\n" + INSTALL, "CS201:5"),
    ("moved away", BASE + "COPY . .\nRUN mv common /srv/common\n" + INSTALL, "CS201:5"),
    ("moved to its place", BASE + "COPY . /tmp/in\nRUN mv /tmp/in/common /tmp/in/requirements.txt .\n" + INSTALL, ""),
    (
        "copied to its place",
        BASE + COPY + "COPY common /opt/c\nRUN mkdir -p common && cp -r /opt/c/. common\n" + INSTALL,
        "",
    ),
    ("copied as a whole", BASE + COPY + "COPY common /opt/common\nRUN cp -r /opt/common ./\n" + INSTALL, ""),
    ("copied from what nobody knows", BASE + COPY + "RUN cp -r /nowhere/common ./common\n" + INSTALL, "CS213:5"),
    ("linked", BASE + COPY + "COPY common /opt/common\nRUN ln -s /opt/common common\n" + INSTALL, ""),
    ("only a folder", BASE + COPY + "RUN mkdir common\n" + INSTALL, "CS201:5"),
    ("made by a program", BASE + COPY + "RUN python3 -c 'copytree()'\n" + INSTALL, "CS213:5"),
    ("fetched", BASE + COPY + "RUN git clone https://example.invalid/common\n" + INSTALL, "CS213:5"),
    ("unpacked", BASE + COPY + "RUN curl https://example.invalid | tar xz\n" + INSTALL, "CS213:5"),
    ("requirements that were changed", BASE + COPY + "RUN sed -i /common/d requirements.txt\n" + INSTALL, "CS213:5"),
    ("requirements that the build makes", BASE + LIB + "RUN echo x > requirements.txt\n" + INSTALL, "CS213:5"),
    (
        "requirements that poetry makes",
        BASE + "RUN pip install poetry==1.8.5 && poetry export -o requirements.txt\n" + INSTALL,
        "CS213:4",
    ),
    ("requirements that uv makes", BASE + "RUN uv export --output-file=requirements.txt\n" + INSTALL, "CS213:4"),
    ("an empty file", BASE + "RUN touch requirements.txt\n" + INSTALL, ""),
    ("a script of the user's", BASE + "COPY . .\nRUN ./install.sh\n", "CS213:4", {"install.sh": ""}),
    ("a script that is not there", BASE + "COPY common common\nRUN ./install.sh\n", "CS213:4", {"install.sh": ""}),
    ("Python's script that is not there", BASE + "RUN python tools/x.py\n", "CS213:3"),
    ("Python's script that is there", BASE + "COPY . .\nRUN python tools/x.py\n", "", {"tools/x.py": ""}),
    ("a script that may be missing", BASE + "RUN test -f x.sh && ./x.sh; python x.py || true\n", ""),
    ("a script that a line fetches", BASE + "RUN curl -o get.py https://example.org && python get.py\n", ""),
    ("a script that a line writes", BASE + "RUN echo x > x.py && python x.py\n", ""),
    ("a script that Python is fed", BASE + "RUN python - < /x && python3 /dev/stdin < /x\n", ""),
    ("a script in an unknown folder", BASE + "RUN cd $X && python x.py\n", ""),
    ("a script of a system", BASE + "RUN /usr/share/x/setup.sh\n", ""),
    ("a script below a folder of the system", BASE + "WORKDIR /usr/src/app\nRUN python x.py\n", "CS213:4"),
    ("a script in an image that nobody knows", "FROM team/base\nRUN python /x.py\n", ""),
    ("the same by a shell", BASE + "COPY . .\nRUN sh -e install.sh\n", "CS213:4", {"install.sh": ""}),
    ("by a program that nobody knows", BASE + "ARG P\nRUN $P install -r requirements.txt\n", "CS213:4"),
    ("by make", BASE + "COPY . .\nRUN make install\n", "CS213:4"),
    ("by conda", BASE + "COPY . .\nRUN conda clean -a\nRUN conda env update -f environment.yml\n", "CS213:5"),
    ("by xargs", BASE + "COPY . .\nRUN cat requirements.txt | xargs -n1 pip install\n", "CS213:4"),
    *(
        (f"words of a file: {command}", f"{BASE}COPY . .\nRUN {command}\n", expected, {"l.txt": text})
        for command, text, expected in (
            ("pip install $(cat l.txt)", "fastapi uvicorn[standard]\n-e ./common\n", ""),
            ("pip install $(cat l.txt)", "./nosuch\n", "CS201:4"),
            ("pip install `cat /app/l.txt`", "./nosuch\n", "CS201:4"),
            ("xargs pip install < l.txt", "./nosuch\n", "CS201:4"),
            ("cat l.txt | xargs -r pip install", "./nosuch\n", "CS201:4"),
            ("xargs -a l.txt uv pip install --system", "./nosuch\n", "CS201:4"),
            ("xargs --arg-file=l.txt pip install", "./nosuch\n", "CS201:4"),
            ("pip install $(< l.txt)", "./common\n", "CS213:4"),  # what only Bash takes
            ("pip install $(cat l.txt)", "# the library\n./common\n", "CS213:4"),
            ("pip install $(cat l.txt)", "x; python_version<'3'\n", "CS213:4"),
            ("pip install $(cat nosuch.txt)", "./common\n", "CS213:4"),
            ("cd $X && pip install $(cat l.txt)", "./common\n", "CS213:4"),
            ("xargs -n 1 pip install < l.txt", "./common\n", "CS213:4"),
            ("cat l.txt l.txt | xargs pip install", "./common\n", "CS213:4"),
            ("xargs pip install -r", "./common\n", "CS213:4"),
            ("xargs -a l.txt", "./nosuch\n", ""),
        )
    ),
    (
        "an environment is entered",
        BASE + "COPY . .\nRUN . /opt/venv/bin/activate && pip install -r requirements.txt\n",
        "",
    ),
    (
        "the image's own programs",
        BASE + "COPY . .\nRUN /usr/bin/apt-get update; /opt/x/run && bash --version; find . -name x\n" + INSTALL,
        "",
    ),
    ("what does not always run", BASE + COPY + "RUN test -d common && pip install -r requirements.txt\n", "CS213:4"),
    ("a script that does not end", BASE + "COPY . .\nRUN pip install 'x\n", "CS213:4"),
    ("another shell", BASE + 'SHELL ["powershell", "-c"]\nRUN pip install x\n', "CS213:4"),
    ("bash", BASE + 'SHELL ["/bin/bash", "-c"]\nCOPY . .\n' + INSTALL, ""),
    ("a script in the file", BASE + COPY + "RUN <<EOF\nset -e\npip install -r requirements.txt\nEOF\n", "CS201:4"),
    ("the same by a named shell", BASE + COPY + "RUN bash <<EOF\npip install -r requirements.txt\nEOF\n", "CS201:4"),
    (
        "the same by its first line",
        BASE + COPY + "RUN <<EOF\n#!/usr/bin/env bash\npip install -r requirements.txt\nEOF\n",
        "CS201:4",
    ),
    ("a script in another language", BASE + "RUN <<EOF\n#!/usr/bin/env perl\nprint 1\nEOF\n", "CS213:3"),
    ("a script of Python's", BASE + "RUN <<EOF\n#!/usr/bin/env python3\nimport pip\nEOF\n", ""),
    ("text for a program", BASE + "COPY . .\nRUN cat <<EOF > /etc/x\nx\nEOF\n" + INSTALL, ""),
    # what is installed
    ("by its path", BASE + COPY + "RUN pip install ./common\n", "CS201:4"),
    ("what is no project", BASE + COPY + "COPY our.py common/\nRUN pip install ./common\n", "CS201:5", {"our.py": ""}),
    ("a file where a project should be", BASE + "COPY requirements.txt common\nRUN pip install ./common\n", "CS201:4"),
    ("a wheel", BASE + "COPY x.whl ./\nRUN pip install ./x.whl\n", "", {"x.whl": ""}),
    ("a wheel that is not there", BASE + "RUN pip install ./x.whl\n", "CS201:3"),
    ("only its project file", BASE + "COPY common/pyproject.toml common/\nRUN pip install ./common\n", "CS201:4"),
    (
        "only its project file, editable",
        BASE + "COPY common/pyproject.toml common/\nRUN pip install -e ./common\n",
        "CS213:4",
    ),
    (
        "wheels that a stage has made",
        BASE.replace("\n", " AS b\n", 1)
        + "COPY . .\nRUN pip wheel -w /dist -r requirements.txt\n"
        + BASE
        + "COPY --from=b /dist /dist\nRUN pip install --no-index /dist/*.whl\n",
        "",
    ),
    ("projects by a pattern", BASE + "COPY . .\nRUN pip install ./comm* ./libs/*\n", "CS201:4", {"libs/one/x": ""}),
    ("a pattern where nothing is known to be", BASE + "RUN pip install ./dist/*.whl\n", "CS213:3"),
    ("requirements by a pattern", BASE + "COPY . .\nRUN pip install -r req*.txt\n", "CS213:4"),
    (
        "its own packages come later",
        BASE + "COPY pyproject.toml ./\nRUN pip install .\nCOPY . .\n",
        "",
        {"pyproject.toml": "", "app/__init__.py": ""},
    ),
    ("a name", BASE + "RUN pip install common our-common[x]==1\n", ""),
    (
        "what is in more files",
        BASE + LIB + "COPY reqs reqs\nRUN pip install -r reqs/all.txt\n",
        "",
        {"reqs/all.txt": "-r base.txt\n", "reqs/base.txt": "-e ./common\n"},
    ),
    ("what includes itself", BASE + "COPY . .\nRUN pip install -r a.txt\n", "", {"a.txt": "-r a.txt\n"}),
    (
        "a file that is included and not there",
        BASE + COPY + INSTALL,
        "CS204:4",
        {"requirements.txt": "-c constraints.txt\n"},
    ),
    (
        "a constraint installs nothing",
        BASE + "COPY *.txt ./\nRUN pip install -c c.txt x\n",
        "",
        {"c.txt": "our-common @ file:///app/none\nidna\n"},
    ),
    ("another system's", BASE + COPY + INSTALL, "", {"requirements.txt": './common ; sys_platform == "win32"\n'}),
    ("a variable in requirements", BASE + COPY + INSTALL, "CS213:4", {"requirements.txt": "-e ${WHERE}/common\n"}),
    ("a subdirectory", BASE + COPY + INSTALL, "CS201:4", {"requirements.txt": "file:./libs#subdirectory=one\n"}),
    ("an absolute path", BASE + LIB + COPY + INSTALL, "", {"requirements.txt": "file:///app/common\n"}),
    ("something above", BASE + LIB + COPY + INSTALL, "CS201:5", {"requirements.txt": "-e ../../common\n"}),
    (
        "something above that is there",
        BASE + "COPY common /common\n" + COPY + INSTALL,
        "",
        {"requirements.txt": "-e ../../common\n"},
    ),
    (
        "a mount",
        BASE
        + COPY
        + "RUN --mount=type=bind,source=common,target=common --mount=type=cache,target=/c pip install -r requirements.txt\n",
        "CS215:4",  # what is installed is a path to what is gone
    ),
    (
        "mounts of all",
        BASE
        + "RUN --mount=target=/app --mount=type=secret,id=x,target=/run/x --mount=type=ssh pip install -r requirements.txt\n",
        "CS215:3",
    ),
    (
        "a mount for one line only",
        BASE + COPY + "RUN --mount=type=bind,src=common,dst=common true\n" + INSTALL,
        "CS201:5",
    ),
    ("a mount of what is not there", BASE + "COPY . .\nRUN --mount=type=bind,source=none,target=/n true\n", "CS202:4"),
    (
        "a mount from a stage",
        "FROM python AS lib\nCOPY . /src\n"
        + BASE
        + COPY
        + "RUN --mount=from=lib,source=/src/common,target=common pip install -r requirements.txt\n",
        "CS215:6",
    ),
    (
        "a mount from an image",
        BASE + COPY + "RUN --mount=from=other:1,source=/x,target=common pip install -r requirements.txt\n",
        "CS213:4",
    ),
    ("ONBUILD is for later", BASE + "ONBUILD RUN pip install ./common\n", ""),
    ("a line that only empties a file", BASE + "RUN > x\n", ""),
    ("nothing in a folder that nobody knows", BASE + "RUN cd ~ && pip install\n", ""),
    ("requirements from a network", BASE + "RUN pip install -r https://example.invalid/r.txt\n", ""),
    (
        "an include from a network",
        BASE + COPY + INSTALL,
        "",
        {"requirements.txt": "-r https://example.invalid/r.txt\n"},
    ),
    ("the same twice", BASE + LIB + "RUN pip install ./common common/\n", ""),
    (
        "a project file that the build makes",
        BASE + "COPY common/our_common common/our_common\nRUN x > common/pyproject.toml\nRUN pip install ./common\n",
        "CS213:5",
    ),
    ("a RUN with another flag", BASE + "COPY . .\nRUN --network=none pip install -r requirements.txt\n", ""),
    # stages
    ("a stage on a stage", BASE.replace("\n", " AS base\n", 1) + LIB + "FROM base\n" + COPY + INSTALL, ""),
    (
        "by its number",
        BASE + LIB + "FROM python\nWORKDIR /srv\nCOPY --from=0 /app/common common\n" + COPY + INSTALL,
        "",
    ),
    (
        "from a stage that has it not",
        BASE.replace("\n", " AS lib\n", 1)
        + "FROM python\nWORKDIR /srv\nCOPY --from=lib /app/common common\n"
        + COPY
        + INSTALL,
        "CS202:5 CS201:7",
    ),
    (
        "from a stage that may have made it",
        BASE.replace("\n", " AS lib\n", 1)
        + "RUN x\nFROM python\nWORKDIR /srv\nCOPY --from=lib /app/common common\n"
        + COPY
        + INSTALL,
        "CS213:8",
    ),
    ("from an image", BASE + "COPY --from=team/lib:1 /common common\n" + COPY + INSTALL, "CS213:5"),
    (
        "the program from an image",
        BASE
        + "COPY --from=ghcr.io/astral-sh/uv:0.5 /uv /bin/\n"
        + LIB
        + COPY
        + "RUN uv pip install -r requirements.txt\n",
        "",
    ),
    (
        "only in the builder",
        BASE.replace("\n", " AS b\n", 1) + "COPY . .\n" + INSTALL + BASE + COPY + INSTALL,
        "CS201:8",
    ),
    (
        "a stage that nobody needs",
        BASE.replace("\n", " AS b\n", 1) + COPY + INSTALL + BASE + "COPY . .\n" + INSTALL,
        "CS214:4",
    ),
    (
        "editable, left behind",
        BASE.replace("\n", " AS b\n", 1)
        + "COPY . .\n"
        + INSTALL
        + "FROM python\nCOPY --from=b /usr/local /usr/local\n",
        "CS215:6",
    ),
    (
        "editable, and taken along",
        BASE.replace("\n", " AS b\n", 1)
        + "COPY . .\n"
        + INSTALL
        + "FROM python\nCOPY --from=b /usr/local /usr/local\nCOPY --from=b /app /app\n",
        "",
    ),
    (
        "editable to a place of its own",
        BASE.replace("\n", " AS a\n", 1)
        + "COPY . .\nRUN pip install --target=/deps -r requirements.txt\nFROM a AS b\nFROM python\nCOPY --from=b /deps /deps\n",
        "CS215:7",
    ),
    (
        "something else is taken",
        BASE.replace("\n", " AS b\n", 1) + "COPY . .\n" + INSTALL + "FROM python\nCOPY --from=b /app/dist /dist\n",
        "CS213:6",
    ),
    # tools that read pyproject.toml
    (
        "uv",
        BASE + "COPY pyproject.toml uv.lock ./\nRUN uv sync --frozen\n",
        "CS201:4",
        {
            "pyproject.toml": '[project]\ndependencies = ["c"]\n[tool.uv.sources]\nc = { path = "./common" }\n',
            "uv.lock": "",
        },
    ),
    ("uv in a folder below", BASE + "COPY . .\nRUN cd src && uv sync\n", "", {"pyproject.toml": "", "src/x": ""}),
    (
        "uv without its lock file",
        BASE + "COPY pyproject.toml ./\nRUN uv sync --locked\n",
        "CS204:4",
        {"pyproject.toml": ""},
    ),
    ("uv without anything", BASE + "RUN uv sync\n", "CS204:3"),
    ("uv in a folder that nobody knows", BASE + "RUN cd ~ && uv sync\n", "CS213:3"),
    (
        "a workspace of uv",
        BASE + "COPY . .\nRUN uv sync\n",
        "CS213:4",
        {"pyproject.toml": '[project]\ndependencies = ["c"]\n[tool.uv.sources]\nc = { workspace = true }\n'},
    ),
    (
        "a README that uv's build reads",
        BASE + "COPY pyproject.toml ./\nRUN uv sync\n",
        "CS204:4",
        {"pyproject.toml": '[project]\nreadme = "README.md"\n[build-system]\nbuild-backend = "hatchling.build"\n'},
    ),
    (
        "the same when it is not built",
        BASE + "COPY pyproject.toml ./\nRUN uv sync --no-install-project\n",
        "",
        {"pyproject.toml": '[project]\nreadme = "README.md"\n[build-system]\nbuild-backend = "hatchling.build"\n'},
    ),
    (
        "uv, by pyproject.toml",
        BASE + "COPY pyproject.toml ./\nRUN uv pip install -r pyproject.toml\n",
        "CS201:4",
        {"pyproject.toml": '[project]\ndependencies = ["c"]\n[tool.uv.sources]\nc = { path = "common" }\n'},
    ),
    (
        "a pyproject.toml that is none",
        BASE + "COPY pyproject.toml ./\nRUN uv sync\n",
        "CS213:4",
        {"pyproject.toml": "["},
    ),
    (
        "poetry",
        BASE + "COPY pyproject.toml ./\nRUN poetry install\n",
        "CS201:4",
        {"pyproject.toml": '[tool.poetry.dependencies]\nc = { path = "common" }\n'},
    ),
    (
        "pipenv",
        BASE + "COPY Pipfile ./\nRUN pipenv install --deploy\n",
        "CS204:4 CS201:4",
        {"Pipfile": '[packages]\nc = { path = "common" }\n'},
    ),
    ("pdm", BASE + "COPY pyproject.toml ./\nRUN pdm sync --check\n", "CS204:4", {"pyproject.toml": ""}),
    (
        "its own project",
        BASE + LIB + "COPY pyproject.toml ./\nRUN pip install .\n",
        "",
        {"pyproject.toml": '[project]\ndependencies = ["our-common @ file:./common"]\n'},
    ),
    (
        "its own project, without",
        BASE + "COPY pyproject.toml ./\nRUN pip install .\n",
        "CS201:4",
        {"pyproject.toml": '[project]\ndependencies = ["our-common @ file:./common"]\n'},
    ),
    ("setup.py", BASE + "COPY setup.py ./\nRUN python setup.py install\n", "", {"setup.py": ""}),
    (
        "the library's README",
        BASE + "COPY . .\n" + INSTALL,
        "CS204:4",
        {
            "common/pyproject.toml": '[project]\nname = "our-common"\nreadme = "README.md"\n[build-system]\nbuild-backend = "flit_core.buildapi"\n'
        },
    ),
    (
        "its README, where nobody minds",
        BASE + "COPY . .\n" + INSTALL,
        "",
        {"common/pyproject.toml": '[project]\nname = "c"\nreadme = "README.md"\n'},
    ),
    # versions
    (
        "an old Python",
        BASE.replace("3.12", "3.9") + "COPY . .\n" + INSTALL,
        "CS210:4",
        {"common/pyproject.toml": '[project]\nname = "c"\nrequires-python = ">=3.11"\n'},
    ),
    (
        "a Python that is new enough",
        BASE + "COPY . .\n" + INSTALL,
        "",
        {"common/pyproject.toml": '[project]\nname = "c"\nrequires-python = ">=3.11"\n'},
    ),
    (
        "a Python that nobody knows",
        BASE.replace(":3.12-slim", "") + "COPY . .\n" + INSTALL,
        "",
        {"common/pyproject.toml": '[project]\nname = "c"\nrequires-python = ">=3.11"\n'},
    ),
    (
        "an old pip",
        BASE.replace("3.12", "3.11") + "COPY . .\n" + INSTALL,
        "CS212:4",
        {"requirements.txt": "our-common @ file:./common\n"},
    ),
    (
        "an old pip that is brought up to date",
        BASE.replace("3.12", "3.11") + "RUN pip install -U pip\nCOPY . .\n" + INSTALL,
        "",
        {"requirements.txt": "our-common @ file:./common\n"},
    ),
    (
        "an old pip that stays old",
        BASE.replace("3.12", "3.11") + "RUN pip install pip==23.0\nCOPY . .\n" + INSTALL,
        "CS212:5",
        {"requirements.txt": "our-common @ file:./common\n"},
    ),
    (
        "an old pip and an absolute path",
        BASE.replace("3.12", "3.11") + "COPY . .\n" + INSTALL,
        "",
        {"requirements.txt": "our-common @ file:///app/common\n"},
    ),
    (
        "uv needs no pip",
        BASE.replace("3.12", "3.11") + "COPY . .\nRUN uv pip install -r requirements.txt\n",
        "",
        {"requirements.txt": "our-common @ file:./common\n"},
    ),
]


@pytest.mark.parametrize(
    ("dockerfile", "expected", "files"),
    [(row[1], row[2], row[3] if len(row) > 3 else {}) for row in DOCKERFILES],
    ids=[str(row[0]) for row in DOCKERFILES],
)
def test_a_dockerfile_is_followed(dockerfile: str, expected: str, files: dict[str, str]) -> None:
    """A user would be told that an image can be built that cannot, or the other way round."""
    assert codes(dockerfile, {**FILES, **files}) == expected


DOCKERIGNORES = [
    ("common", "CS201:4"),
    ("**/pyproject.toml", "CS201:4"),
    ("*\n!common\n!requirements.txt", ""),
    ("*\n!requirements.txt", "CS201:4"),
    ("common\n!common/pyproject.toml\n!common/our_common", ""),
    ("requirements.txt", "CS204:4"),
    ("**/__pycache__", ""),
]


@pytest.mark.parametrize(("dockerignore", "expected"), DOCKERIGNORES)
def test_a_dockerignore_keeps_files_out(dockerignore: str, expected: str) -> None:
    """A copy that never reaches the image would be called proven."""
    assert codes(BASE + "COPY . .\n" + INSTALL, FILES, dockerignore) == expected


def test_what_a_dockerignore_drops_is_named_with_its_line() -> None:
    """A user would see the folder on the disk, and not know why the build does not."""
    (copy,) = [one for one in troubles_of(BASE + LIB + COPY, FILES, "# x\ncommon") if one.code == "CS202"]
    assert ".dockerignore:2" in copy.message
    (need,) = troubles_of(BASE + COPY + INSTALL, FILES, "common")
    assert ".dockerignore:1" in need.remedy
    (project,) = troubles_of(BASE + "COPY . .\n" + INSTALL, FILES, "**/pyproject.toml")
    assert ".dockerignore:1" in project.message


def test_what_is_missing_is_said_with_the_line_that_brings_it() -> None:
    """A user would know that a build fails, but not what to write where."""
    (trouble,) = troubles_of(BASE + COPY + INSTALL)
    assert (
        trouble.message
        == "`-e ./common` (requirements.txt:2) is not in the image when this line installs it: there is no /app/common"
    )
    assert trouble.remedy == "add `COPY common/ ./common/` before line 4"


@pytest.mark.parametrize(
    ("dockerfile", "remedy"),
    [
        ("FROM python\n" + COPY + INSTALL, "add `COPY common/ /common/` before line 3"),
        (BASE + INSTALL, "copy `requirements.txt` before line 3"),
        (
            BASE + "RUN pip install ./nowhere\n",
            "copy it into the service, and then to /app/nowhere before line 3; or take it out",
        ),
    ],
)
def test_the_remedy_fits(dockerfile: str, remedy: str) -> None:
    """A user would add a line that does not help."""
    assert troubles_of(dockerfile)[0].remedy == remedy


def test_a_stage_that_compose_builds_counts() -> None:
    """A stage for development would be broken for whoever runs it, and nobody be told."""
    dockerfile = BASE.replace("\n", " AS dev\n", 1) + COPY + INSTALL + BASE
    assert [(one.code, one.severity) for one in troubles_of(dockerfile)] == [("CS214", "warning")]
    assert [one.code for one in troubles_of(dockerfile, targets=["Dev", "none"])] == ["CS201"]


def test_a_stage_that_is_needed_twice_is_one() -> None:
    """A Dockerfile whose stages need each other in two ways would keep the tool busy for ever."""
    build = follow("FROM python AS a\nFROM a AS b\nFROM python AS c\nFROM b\nCOPY --from=a /x /y\n")
    assert build.needed() == {0, 1, 3}


def test_python_path_is_followed() -> None:
    """A library that is found by PYTHONPATH would be called missing."""
    build = follow(BASE + "ENV PYTHONPATH=/app/common:lib A=1\nFROM 0\nENV PYTHONPATH=$NEW\n")
    assert [stage.python_path for stage in build.stages] == [("/app/common", "/app/lib"), ()]
    assert [stage.python_path_open for stage in build.stages] == [False, True]


@pytest.mark.parametrize(
    ("value", "folders", "more"),
    [
        ("/app/common:$PYTHONPATH", ("/app/common",), True),
        ('"${PYTHONPATH}:/app/common"', ("/app/common",), True),
        ("/app/common${PYTHONPATH:+:$PYTHONPATH}", ("/app/common",), True),
        ("${X}/common:/lib", ("/lib",), True),
        ("/a ENV=x\nENV PYTHONPATH=/b:$PYTHONPATH", ("/b", "/a"), False),
        ("/a:$X\nENV PYTHONPATH=/b:$PYTHONPATH", ("/b", "/a"), True),
    ],
)
def test_of_python_path_what_can_be_told_counts(value: str, folders: tuple[str, ...], more: bool) -> None:
    """`ENV PYTHONPATH=/app/common:$PYTHONPATH`, as most write it, would be called doubtful."""
    (stage,) = follow(f"{BASE}ENV PYTHONPATH={value}\n").stages
    assert (stage.python_path, stage.python_path_open) == (folders, more)


def test_a_file_without_a_stage_needs_nothing() -> None:
    """An empty Dockerfile would end the run with a traceback."""
    assert follow("").needed() == set()


def test_what_docker_refuses_is_refused() -> None:
    """A Dockerfile that cannot be built would be called proven."""
    with pytest.raises(UnparsableError):
        parse_dockerfile("COPY . .\n")


def test_an_image_is_a_pile_of_layers() -> None:
    """What was removed, or copied over, would be held to be there."""
    context = context_of(LIBRARY)
    image = Image(
        (Put("/app", context, ""), Gone("/app/common/our_common"), Made("/srv/x"), Put("/note", Inline("x"), ""))
    )
    assert image.look("/app/common/pyproject.toml") == Place("file", "common/pyproject.toml")
    assert image.look("/app/common/our_common/__init__.py") is None
    assert image.look("/srv") == Place("folder")
    assert image.look("/") == Place("folder")
    assert image.look("/note") == Place("file", text="x")
    assert image.look("/note/below") is None
    assert set(image.names("/app/common")) == {"pyproject.toml"}
    assert set(image.names("/")) == {"app", "srv", "note"}
    assert set(image.with_layers(Gone("/app")).names("/app")) == set()
    assert set(Image((Put("/note", Inline("x"), ""),)).names("/note")) == set()
    assert image.with_layers(Doubt("/srv")).look("/srv/y") == Place("unknown")
    anything = Image((Put("/x", Anything(), ""),))
    assert (anything.look("/x/y"), set(anything.names("/x"))) == (Place("unknown"), set())


_LINES = st.sampled_from(
    [
        LIB,
        COPY,
        INSTALL,
        "COPY . .\n",
        "WORKDIR /srv\n",
        "WORKDIR sub\n",
        "RUN rm -rf common\n",
        "FROM 0\n",
        BASE,
        "RUN cd x && pip install ./common\n",
    ]
)


@given(st.lists(_LINES, max_size=8))
def test_following_twice_says_the_same_and_more_files_never_harm(lines: list[str]) -> None:
    """A verdict would hang on chance; or copying all first would break what was whole."""
    dockerfile = BASE + "".join(lines)
    assert codes(dockerfile) == codes(dockerfile)
    count = sum(one.code == "CS202" for one in troubles_of(dockerfile))
    assert count == 0


def _places(dockerfile: str, arguments: Mapping[str, str | None] | None = None) -> Image:
    named: dict[str, Files] = {"lib": Rooted(context_of({"pyproject.toml": "", "src/x.py": ""})), "python": Anything()}
    build = simulate(parse_dockerfile(dockerfile), context_of(FILES), arguments, named)
    return build.stages[-1].image


@pytest.mark.parametrize(
    ("dockerfile", "arguments", "path", "kind"),
    [
        ("FROM scratch\nARG A=x\nCOPY main.py /$A\n", {}, "/x", "file"),
        ("FROM scratch\nARG A=x\nCOPY main.py /$A\n", {"A": "y"}, "/y", "file"),
        ("FROM scratch\nARG A=x\nCOPY main.py /$A\n", {"A": "y"}, "/x", None),
        ("FROM scratch\nARG A=x\nCOPY main.py /$A\n", {"A": None}, "/x", "unknown"),
        ("FROM scratch\nARG A=x\nCOPY main.py /x$A\n", {"A": ""}, "/x", "file"),
        ("ARG A=x\nFROM scratch\nARG A\nCOPY main.py /$A\n", {"A": "y"}, "/y", "file"),
        ("FROM scratch\nENV A=z\nARG A=x\nCOPY main.py /$A\n", {"A": "y"}, "/y", "unknown"),
        ("FROM scratch\nCOPY --from=LIB . /l\n", {}, "/l/src/x.py", "file"),
        ("FROM scratch\nCOPY --from=lib src/*.py /l/\n", {}, "/l/x.py", "file"),
        ("FROM scratch AS lib\nFROM scratch\nCOPY --from=lib . /l\n", {}, "/l/pyproject.toml", "file"),
        ("FROM scratch\nCOPY --from=python . /l\n", {}, "/l/x", "unknown"),
        ("FROM lib\nCOPY main.py /x\n", {}, "/pyproject.toml", "unknown"),
    ],
)
def test_what_a_build_is_given(
    dockerfile: str, arguments: Mapping[str, str | None], path: str, kind: str | None
) -> None:
    """A build would be followed with other arguments or folders than Compose gives it, and be called proven."""
    found = _places(dockerfile, arguments).look(path)
    assert (found and found.kind) == kind
