"""Users without a home of their own, and what an install writes there.

What the programs do is what the pages of Debian's `useradd` and `adduser` and of BusyBox say; no image was built.
"""

import pytest
from support.contexts import BASE, FILES, LIBRARY, troubles_of

PIP = "RUN pip install ./common\n"
SYNC = "RUN uv sync --frozen\n"
ALPINE = BASE.replace("slim", "alpine")
OLD = BASE.replace("slim", "slim-bookworm")
PROJECT = {
    **LIBRARY,
    "pyproject.toml": '[project]\nname = "api"\nversion = "1"\n',
    "uv.lock": "version = 1\n",
}
FLIT = {
    **FILES,
    "common/pyproject.toml": '[build-system]\nrequires = ["flit_core"]\nbuild-backend = "flit_core.buildapi"\n'
    '[project]\nname = "our-common"\nversion = "1"\ndescription = "x"\n',
}


def as_user(made: str, *lines: str, base: str = BASE, user: str = "app", install: str = PIP) -> str:
    """Return a Dockerfile in which a user who is made by a line installs."""
    return (
        f"{base}{made and f'RUN {made}'}\nCOPY --chown=1000 . .\n"
        + "".join(f"{one}\n" for one in lines)
        + f"USER {user}\n{install}"
    )


HOMES: dict[str, tuple[str, str]] = {
    # useradd makes no home
    "useradd": (as_user("useradd app"), "CS218"),
    "useradd, and a group": (as_user("groupadd -r app && useradd -r -g app app"), "CS218"),
    "useradd, of a system": (as_user("useradd --system --shell /bin/false app"), "CS218"),
    "useradd that says so": (as_user("useradd --no-create-home -u 1000 app"), "CS218"),
    "useradd that says so, in letters": (as_user("useradd -rMs /bin/sh app"), "CS218"),
    "useradd, by its number": (as_user("useradd -u 10001 app", user="10001"), "CS218"),
    "useradd, by its number and group": (as_user("useradd --uid=10001 app", user="10001:10001"), "CS218"),
    "useradd with a place that nobody makes": (as_user("useradd -d /srv/app app"), "CS218"),
    "useradd -m": (as_user("useradd -m app"), ""),
    "useradd --create-home": (as_user("useradd --create-home --shell /bin/sh app"), ""),
    "useradd with a home, in letters": (as_user("useradd -rms /bin/sh app"), ""),
    "useradd with a home elsewhere": (as_user("useradd -mUd /srv/app app"), ""),
    "useradd, by a number that nobody says": (as_user("useradd -m app", user="1000"), ""),
    "useradd with what a variable says": (as_user("useradd $OPTIONS app"), ""),
    "useradd, and usermod": (as_user("useradd app && usermod -d /srv/h -m app"), ""),
    "useradd, and usermod of a group": (as_user("useradd app && usermod -aG www-data app"), "CS218"),
    # Debian's adduser makes one, but not for a system's user
    "adduser": (as_user("adduser --disabled-password --gecos '' app", base=OLD), ""),
    "adduser without": (as_user("adduser --disabled-password --gecos '' --no-create-home app", base=OLD), "CS218"),
    "adduser without, and elsewhere": (
        as_user(
            'adduser --disabled-password --gecos "" --home /nonexistent --no-create-home --uid 10001 app', base=OLD
        ),
        "CS218",
    ),
    "adduser of a system": (as_user("adduser --system --group app", base=OLD), "CS218"),
    "adduser of a system with a home": (as_user("adduser --system --home /srv/app app", base=OLD), ""),
    "adduser that puts a user into a group": (as_user("useradd -m app && adduser app www-data", base=OLD), ""),
    # BusyBox's makes one unless it is told not to
    "alpine": (as_user("adduser -D app", base=ALPINE), ""),
    "alpine, of a system": (as_user("addgroup -S app && adduser -S app -G app", base=ALPINE), ""),
    "alpine without": (as_user("adduser -D -H app", base=ALPINE), "CS218"),
    "alpine without, in letters": (as_user("adduser -DHu 1000 app", base=ALPINE), "CS218"),
    "alpine elsewhere": (as_user("adduser -D -h /srv/app app", base=ALPINE), ""),
    "alpine, by shadow": (as_user("apk add shadow && useradd app", base=ALPINE), "CS218"),
    # users of the system, and those whom nobody made
    "nobody": (as_user("", user="nobody"), "CS218"),
    "www-data": (as_user("", user="www-data"), "CS218"),
    "a number": (as_user("", user="1000"), "CS218"),
    "a user whom a variable names": (as_user("useradd app", user="$WHO"), ""),
    "the folder of the service in a home": (
        as_user("useradd app && mkdir -p /home/app/web && chown app /home/app/web"),
        "CS218",
    ),
    "a folder of packages in a home": (
        as_user("useradd app && mkdir -p /home/app/.local && chown app /home/app/.local"),
        "",
    ),
    "a base that nobody knows": (as_user("useradd app", base=BASE.replace("python:", "team/python:")), ""),
    # who gets a folder later
    "mkdir and chown": (as_user("useradd app && mkdir /home/app && chown app:app /home/app"), ""),
    "mkdir alone": (as_user("useradd app && mkdir -p /home/app"), "CS218"),
    "install -d": (as_user("useradd app && install -d -o app /home/app"), ""),
    "chown of what is above": (as_user("useradd app && mkdir /home/app && chown -R app /home"), ""),
    "chown of what a variable names": (as_user("useradd app && mkdir /home/app && chown app $H"), ""),
    "chown by find": (as_user("useradd app && find /home -exec chown app {} +"), ""),
    "chown of another folder": (as_user("useradd app && chown -R app /app"), "CS218"),
    "chmod": (as_user("useradd app && mkdir /home/app && chmod 777 /home/app"), ""),
    "WORKDIR of root": (as_user("useradd app", "WORKDIR /home/app", "WORKDIR /app"), "CS218"),
    "WORKDIR of the user": (as_user("useradd app", "USER app", "WORKDIR /home/app", "WORKDIR /app"), ""),
    "COPY --chown": (as_user("useradd app", "COPY --chown=app main.py /home/app/"), ""),
    "a home that is the folder of the service": (as_user("useradd -d /app app"), ""),
    # HOME
    "HOME that everybody may write": (as_user("useradd app", "ENV HOME=/tmp"), ""),
    "HOME of root": (as_user("useradd -m app", "ENV HOME=/root"), "CS218"),
    "HOME of the user": (as_user("useradd -m app", "ENV HOME=/home/app"), ""),
    "HOME of a variable": (as_user("useradd app", "ARG H", "ENV HOME=$H"), ""),
    # where pip does not fall back
    "by root": (as_user("useradd app", user="root"), ""),
    "by sudo": (as_user("useradd app", install="RUN sudo pip install ./common\n"), ""),
    "in what is the user's own": (as_user("useradd app && chown -R app /usr/local/lib /usr/local/bin"), ""),
    "in an environment": (
        as_user("useradd app", install="RUN python -m venv /app/v && . /app/v/bin/activate && pip install ./common\n"),
        "",
    ),
    "in an environment of PATH": (
        as_user("useradd app && python -m venv /v && chown -R app /v", "ENV PATH=/v/bin:$PATH"),
        "",
    ),
    "with its own programs in PATH": (as_user("useradd app", "ENV PATH=/home/app/.local/bin:$PATH"), "CS218"),
    "into a folder": (as_user("useradd app", install="RUN pip install --target /app/lib ./common\n"), ""),
    "--user": (as_user("useradd app", install="RUN pip install --user ./common\n"), "CS218"),
    "--user, elsewhere": (
        as_user("useradd app", "ENV PYTHONUSERBASE=/app/u", install="RUN pip install --user ./common\n"),
        "",
    ),
    "only looking": (as_user("useradd app", install="RUN pip install --dry-run ./common\n"), ""),
    "only packing": (as_user("useradd app", install="RUN pip wheel -w /app/w ./common\n"), ""),
    "nothing": (as_user("useradd app", install=""), ""),
}


@pytest.mark.parametrize("name", HOMES)
def test_a_user_without_a_home_cannot_install_there(name: str) -> None:
    """A build would be called proven that ends with `Permission denied` in a home that nobody made."""
    dockerfile, expected = HOMES[name]
    assert " ".join({one.code for one in troubles_of(dockerfile, FLIT)}) == expected


UV: dict[str, tuple[str, str]] = {
    "uv": (as_user("adduser --system --group app && chown app /app", base=OLD, install=SYNC), "CS218"),
    "uv run at the build": (as_user("useradd app && chown app /app", install="RUN uv run --frozen main.py\n"), "CS218"),
    "uv with a home": (as_user("useradd -m app && chown app /app", install=SYNC), ""),
    "uv without a cache": (as_user("useradd app && chown app /app", install="RUN uv sync --frozen --no-cache\n"), ""),
    "uv without a cache, by a variable": (
        as_user("useradd app && chown app /app", "ENV UV_NO_CACHE=1", install=SYNC),
        "",
    ),
    "uv with a cache elsewhere": (as_user("useradd app", "ENV UV_CACHE_DIR=/tmp/uv", install=SYNC), ""),
    "uv with the cache of everything elsewhere": (
        as_user("useradd app", "ENV XDG_CACHE_HOME=/app/c", install=SYNC),
        "",
    ),
    "uv with a cache of root's": (
        as_user("useradd -m app", install=SYNC.replace("uv", "--mount=type=cache,target=/home/app/.cache/uv uv", 1)),
        "CS218",
    ),
    "uv with a cache of the user's": (
        as_user(
            "useradd app", install=SYNC.replace("uv", "--mount=type=cache,target=/home/app/.cache/uv,uid=1000 uv", 1)
        ),
        "",
    ),
    "uv with a cache of another home": (
        as_user("useradd -m app", install=SYNC.replace("uv", "--mount=type=cache,target=/root/.cache/uv uv", 1)),
        "",
    ),
    "uv in memory": (
        as_user("useradd app", install=SYNC.replace("uv", "--mount=type=tmpfs,target=/home/app uv", 1)),
        "",
    ),
    "pip with a cache of root's": (
        as_user("useradd -m app", install=PIP.replace("pip", "--mount=type=cache,target=/home/app/.cache/pip pip", 1)),
        "",
    ),
}


@pytest.mark.parametrize("name", UV)
def test_uv_has_to_write_its_cache(name: str) -> None:
    """A build would be called proven that ends with `failed to create directory /nonexistent/.cache/uv`."""
    dockerfile, expected = UV[name]
    found = troubles_of(dockerfile, {**FLIT, **PROJECT})
    assert " ".join({one.code for one in found}) == expected


MAKERS: dict[str, tuple[str, str]] = {
    "Debian 13": (BASE + "RUN adduser app\n", "CS213"),
    "a group in Debian 13": (BASE + "RUN addgroup --system app\n", "CS213"),
    "Debian 13, and it is installed": (BASE + "RUN apt-get update && apt-get install -y adduser && adduser app\n", ""),
    "Debian 12": (OLD + "RUN adduser app\n", ""),
    "a full image": (BASE.replace("-slim", "") + "RUN adduser app\n", ""),
    "Ubuntu": ("FROM ubuntu:24.04\nRUN adduser app\n", ""),
    "useradd": (BASE + "RUN groupadd app && useradd app\n", ""),
    "an option of BusyBox in Debian": (OLD + "RUN adduser -D app\n", "CS213"),
    "useradd in Alpine": (ALPINE + "RUN useradd -m app\n", "CS213"),
    "groupadd in Alpine": (ALPINE + "RUN groupadd app\n", "CS213"),
    "useradd in Alpine, and it is installed": (ALPINE + "RUN apk add --no-cache shadow && useradd -m app\n", ""),
    "an option of Debian in BusyBox": (ALPINE + "RUN adduser --system --group app\n", "CS213"),
    "long options in BusyBox": (ALPINE + "RUN adduser --disabled-password --no-create-home app\n", ""),
    "a base that nobody knows": ("FROM team/alpine\nRUN useradd app\n", ""),
}


@pytest.mark.parametrize("name", MAKERS)
def test_what_makes_a_user_has_to_be_in_the_image(name: str) -> None:
    """A build would be called proven that ends with `adduser: not found`."""
    dockerfile, expected = MAKERS[name]
    assert " ".join({one.code for one in troubles_of(dockerfile, FLIT)}) == expected


SAID = {
    as_user(
        "useradd app"
    ): "`USER app` is refused by this line: it writes below this user's home, /home/app, and no line gives that folder to the user: make it with `useradd -m`",
    as_user("", user="nobody"): "below this user's home, /nonexistent, and no line gives that folder to the user",
    UV["uv with a cache of root's"][
        0
    ]: "the cache that is mounted at /home/app/.cache/uv belongs to root: add `,uid=…`",
    MAKERS["Debian 13"][
        0
    ]: "runs `adduser`, which Debian's images have no longer from version 13 (trixie) on: write `useradd`",
    MAKERS["a group in Debian 13"][0]: "write `groupadd`",
}


@pytest.mark.parametrize("dockerfile", SAID)
def test_who_may_not_write_is_said_with_the_folder(dockerfile: str) -> None:
    """A person would not know which folder to make, or which option to add."""
    assert SAID[dockerfile] in " ".join(one.message for one in troubles_of(dockerfile, {**FLIT, **PROJECT}))
