"""Where the Python looks that an image starts: its options, its variables, the folder of its script.

Each row was built by Docker and started there, with Python 3.11.
"""

from collections.abc import Mapping

import pytest
from support.contexts import LIBRARY, view_of

from common_sync.core.doctor.catalogue import inspect_image

_BASE = "FROM python:3.11\nWORKDIR /app\n"
BY_PATH = _BASE + "ENV PYTHONPATH=/app/common\nCOPY . .\n"
BESIDE = _BASE + "COPY common/our_common ./our_common\nCOPY main.py ./\n"
INSTALLED = _BASE + "COPY . .\nRUN pip install ./common\n"
FOR_A_USER = _BASE + "COPY . .\nRUN pip install --user ./common\n"
PASSES_ON = '#!/bin/sh\nset -e\nexec "$@"\n'
MAIN = 'CMD ["python3", "main.py"]\n'
ENTRY = f'ENTRYPOINT ["./entry.sh"]\n{MAIN}'


def _cmd(*words: str) -> str:
    return "CMD [" + ", ".join(f'"{word}"' for word in words) + "]\n"


def _entry(script: str) -> Mapping[str, str]:
    return {"entry.sh": script}


ROWS: dict[str, tuple[str, Mapping[str, str], str]] = {
    "PYTHONPATH": (BY_PATH + MAIN, {}, ""),
    "-I": (BY_PATH + _cmd("python3", "-I", "main.py"), {}, "CS216:5"),
    "-E": (BY_PATH + _cmd("python3", "-E", "main.py"), {}, "CS216:5"),
    "-uE": (BY_PATH + _cmd("python3", "-uE", "main.py"), {}, "CS216:5"),
    "-I in ENTRYPOINT": (BY_PATH + 'ENTRYPOINT ["python3", "-I"]\nCMD ["main.py"]\n', {}, "CS216:5"),
    "-I in a shell": (BY_PATH + "CMD python3 -I main.py\n", {}, "CS216:5"),
    "ENTRYPOINT takes a CMD of a shell": (BY_PATH + 'ENTRYPOINT ["sh", "entry.sh"]\nCMD x\n', _entry("python3 main.py"), ""),
    "-P leaves PYTHONPATH": (BY_PATH + _cmd("python3", "-P", "main.py"), {}, ""),
    "-W takes a value": (BY_PATH + _cmd("python3", "-W", "ignore", "main.py"), {}, ""),
    "-X takes a value": (BY_PATH + _cmd("python3", "-Xutf8", "main.py"), {}, ""),
    "a long option": (BY_PATH + _cmd("python3", "--check-hash-based-pycs", "never", "-I", "main.py"), {}, "CS216:5"),
    "PYTHONPATH is emptied": (BY_PATH + "CMD PYTHONPATH= python3 main.py\n", {}, "CS216:5"),
    "PYTHONPATH is taken away": (BY_PATH + "CMD env -u PYTHONPATH python3 main.py\n", {}, "CS216:5"),
    "all is taken away": (BY_PATH + "CMD env -i /usr/local/bin/python3 main.py\n", {}, "CS216:5"),
    "PYTHONPATH is another": (BY_PATH + _cmd("env", "PYTHONPATH=/no", "python3", "main.py"), {}, "CS216:5"),
    "PYTHONPATH is unset": (BY_PATH + "CMD unset PYTHONPATH; python3 main.py\n", {}, "CS216:5"),
    "PYTHONPATH is exported": (BY_PATH + "CMD export PYTHONPATH=/no && exec python3 main.py\n", {}, "CS216:5"),
    "PYTHONPATH after CMD": (_BASE + "COPY . .\n" + MAIN + "ENV PYTHONPATH=/app/common\n", {}, ""),
    "PYTHONPATH of a variable": (BY_PATH + "CMD PYTHONPATH=$(pwd) python3 -c 'import main'\n", {}, ""),
    "elsewhere, by a variable": (INSTALLED.replace("RUN pip install ./common", "ENV X=1") + "CMD PYTHONPATH=$(pwd)/x python3 main.py\n", {}, "CS213:None"),
    "PYTHONPATH before another WORKDIR": (_BASE + "COPY . .\nENV PYTHONPATH=common\nWORKDIR /srv\n" + _cmd("python3", "/app/main.py"), {}, "CS216:6"),
    "PYTHONPATH from the current folder": (_BASE + "COPY . .\nENV PYTHONPATH=common\n" + MAIN, {}, ""),
    "PYTHONPATH in a folder that a variable tells": (BY_PATH + "CMD cd $X && python3 /app/main.py\n", {}, ""),
    "beside the script": (BESIDE + MAIN, {}, ""),
    "-P": (BESIDE + _cmd("python3", "-P", "main.py"), {}, "CS216:5"),
    "-I beside": (BESIDE + _cmd("python3", "-I", "main.py"), {}, "CS216:5"),
    "-E beside": (BESIDE + _cmd("python3", "-E", "main.py"), {}, ""),
    "PYTHONSAFEPATH": (BESIDE + "ENV PYTHONSAFEPATH=1\n" + MAIN, {}, "CS216:6"),
    "PYTHONSAFEPATH and -E": (BESIDE + "ENV PYTHONSAFEPATH=1\n" + _cmd("python3", "-E", "main.py"), {}, ""),
    "-m": (BESIDE + _cmd("python3", "-m", "main"), {}, ""),
    "-c": (BESIDE + _cmd("python3", "-c", "import main"), {}, ""),
    "-Pc": (BESIDE + _cmd("python3", "-Pc", "import our_common"), {}, "CS216:5"),
    "from the input": (BESIDE + "CMD python3 -I - < main.py\n", {}, "CS216:5"),
    "Python alone": (BESIDE + _cmd("python3"), {}, ""),
    "a script of a variable": (BESIDE + "CMD python3 $X\n", {}, "CS213:None"),
    "a server looks around itself": (BESIDE + _cmd("python3", "-P", "-m", "uvicorn", "main:app"), {}, ""),
    "a server in another folder": (BESIDE + "WORKDIR /\n" + _cmd("uvicorn", "--app-dir", "/app", "main:app"), {}, ""),
    "a server in another folder, with =": (BESIDE + "WORKDIR /\n" + _cmd("gunicorn", "--chdir=app", "main:app"), {}, ""),
    "a server elsewhere": (BESIDE + "WORKDIR /\n" + _cmd("uvicorn", "app.main:app"), {}, "CS216:None"),
    "the script is in a folder": (_BASE + "COPY common/our_common ./our_common\nCOPY main.py src/main.py\n" + _cmd("python3", "src/main.py"), {}, "CS216:5"),
    "the module is in a folder": (_BASE + "COPY common/our_common ./our_common\nCOPY main.py src/main.py\n" + _cmd("python3", "-m", "src.main"), {}, ""),
    "beside the script in a folder": (_BASE + "COPY common/our_common src/our_common\nCOPY main.py src/main.py\n" + _cmd("python3", "src/main.py"), {}, ""),
    "beside the script, seen from elsewhere": (BESIDE + "WORKDIR /\n" + _cmd("python3", "/app/main.py"), {}, ""),
    "in the folder of the script": (BESIDE + "WORKDIR /\nCMD cd /app && python3 main.py\n", {}, ""),
    "a first line": (BY_PATH + _cmd("./start.py"), {"start.py": "#!/usr/local/bin/python3 -I\nimport our_common\n"}, "CS216:5"),
    "a first line with env": (BY_PATH + _cmd("./start"), {"start": "#!/usr/bin/env -S python3 -I\nimport main\n"}, "CS216:5"),
    "a first line that looks": (BY_PATH + _cmd("./start.py"), {"start.py": "#!/usr/bin/env python3\nimport our_common\n"}, ""),
    "-S": (INSTALLED + _cmd("python3", "-S", "main.py"), {}, "CS213:4"),
    "-I and installed": (INSTALLED + _cmd("python3", "-I", "main.py"), {}, ""),
    "of a user": (FOR_A_USER + MAIN, {}, ""),
    "-s": (FOR_A_USER + _cmd("python3", "-s", "main.py"), {}, "CS213:4"),
    "-I of a user": (FOR_A_USER + _cmd("python3", "-I", "main.py"), {}, "CS213:4"),
    "PYTHONNOUSERSITE": (FOR_A_USER + "ENV PYTHONNOUSERSITE=1\n" + MAIN, {}, "CS213:4"),
    "PYTHONUSERBASE": (_BASE + "ENV PYTHONUSERBASE=/opt/u\nCOPY . .\nRUN pip install --user ./common\n" + MAIN, {}, ""),
    "PYTHONUSERBASE once": (_BASE + "COPY . .\nRUN PYTHONUSERBASE=/opt/u pip install --user ./common\n" + MAIN, {}, "CS213:4"),
    "PYTHONUSERBASE of a variable": (_BASE + "ARG X\nENV PYTHONUSERBASE=$X\nCOPY . .\nRUN pip install --user ./common\n" + MAIN, {}, ""),
    "PYTHONHOME": (INSTALLED + "ENV PYTHONHOME=/no\n" + MAIN, {}, "CS213:4"),
    "PYTHONHOME of the image": (INSTALLED + "ENV PYTHONHOME=/usr/local\n" + MAIN, {}, ""),
    "an entry passes on": (INSTALLED + ENTRY, _entry(PASSES_ON), ""),
    "an entry passes on -I": (BY_PATH + 'ENTRYPOINT ["./entry.sh"]\n' + _cmd("python3", "-I", "main.py"), _entry(PASSES_ON), "CS216:5"),
    "an entry passes on to another": (BY_PATH + 'ENTRYPOINT ["./entry.sh"]\nCMD ["sh", "run.sh"]\n', {**_entry(PASSES_ON), "run.sh": "python3 -I main.py\n"}, "CS216:5"),
    "an entry takes PYTHONPATH away": (BY_PATH + ENTRY, _entry('#!/bin/sh\nunset PYTHONPATH\nexec "$@"\n'), "CS216:5"),
    "an entry runs another check before": (BY_PATH + ENTRY, _entry('#!/bin/sh\npython3 -I -c "import socket"\nexec "$@"\n'), ""),
    "an entry shifts": (INSTALLED + ENTRY, _entry('#!/bin/sh\nshift\nexec "$@"\n'), ""),
    "an entry runs itself": (INSTALLED + ENTRY, _entry("#!/bin/sh\n./entry.sh\n"), ""),
    "an entry with a first line of another language": (INSTALLED + ENTRY, _entry("#!/usr/bin/perl\nfoo\n"), ""),
    "a .pth file": (_BASE + "COPY . .\nRUN echo /app/common > /usr/local/lib/python3.11/site-packages/x.pth\n" + MAIN, {}, "CS213:None"),
    "copied to the packages": (_BASE + "COPY common/our_common /usr/local/lib/python3.11/site-packages/our_common\nCOPY main.py ./\n" + MAIN, {}, ""),
    "copied to the packages, and -S": (_BASE + "COPY common/our_common /usr/local/lib/python3.11/site-packages/our_common\nCOPY main.py ./\n" + _cmd("python3", "-S", "main.py"), {}, "CS216:5"),
    "copied to the packages of another Python": (_BASE + "COPY common/our_common /usr/local/lib/python3.9/site-packages/our_common\nCOPY main.py ./\n" + MAIN, {}, "CS216:None"),
    "an ENTRYPOINT takes an inherited CMD away": (BY_PATH.replace("3.11", "3.11 AS a", 1) + _cmd("python3", "-I", "main.py") + 'FROM a\nENTRYPOINT ["python3", "main.py"]\n', {}, ""),
    "a CMD that stands above": (BY_PATH + 'CMD ["main.py"]\nENTRYPOINT ["python3", "-I"]\n', {}, "CS216:6"),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_what_is_started_looks_where_its_options_say(name: str) -> None:
    """A service that cannot import the library would be called proven; or one that can, broken."""
    dockerfile, files, expected = ROWS[name]
    (image,) = view_of({**LIBRARY, "main.py": "import our_common\n", **files}, dockerfile).images
    assert " ".join(dict.fromkeys(f"{one.code}:{one.line}" for one in inspect_image(image))) == expected
