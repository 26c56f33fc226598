"""What stands for Docker with Compose where the real one would take minutes: it keeps images and containers in files.

It proves nothing about Docker: `tests/e2e/test_fleet_deploy.py` has the real one. It is a program: `python standin.py FOLDER
WORDS`. Compose files are JSON here. A service whose folder has a file `ill` does not come up.
"""

import json
import os
import re
import shutil
import sys
from pathlib import Path

IN_IMAGE = "/app/common"
"""The library's folder in each image."""


def write_docker(folder: Path, store: Path) -> None:
    """Write the program `docker` into a folder.

    Args:
        folder: It is first in the PATH.
        store: What it keeps goes here; `kill` in it has an expression; at the command that matches it kills what has started it. At that of `hold` it waits for somebody who
            writes into the pipe `gate`; it has moved `hold` to `held` then.
    """
    folder.mkdir(exist_ok=True)
    store.mkdir(exist_ok=True)
    (folder / "docker").write_text(f'#!/bin/sh\nexec {sys.executable} -IS {__file__} {store} "$@"\n')
    (folder / "docker").chmod(0o755)


def read_state(store: Path) -> dict[str, dict[str, str]]:
    """Return the images by their names, and the image of each unit's container by `project/unit`."""
    file = store / "state.json"
    return dict(json.loads(file.read_text())) if file.exists() else {"images": {}, "containers": {}}


def main(store: Path, words: list[str]) -> int:
    """Do what Docker would do; return the exit code."""
    line, kill = " ".join(words), store / "kill"
    with (store / "calls").open("a") as calls:
        calls.write(f"{line}\n")
    if kill.exists() and re.search(kill.read_text(), line):
        kill.unlink()
        os.kill(os.getpid() if __name__ != "__main__" else os.getppid(), 9)
        return 1
    hold = store / "hold"
    if hold.exists() and re.search(hold.read_text(), line):
        hold.rename(store / "held")
        (store / "gate").read_text()
    state = read_state(store)
    code = _compose(store, state, words[1:]) if words[0] == "compose" else _docker(store, state, words)
    (store / "state.json").write_text(json.dumps(state))
    return code


def _docker(store: Path, state: dict[str, dict[str, str]], words: list[str]) -> int:
    images, containers = state["images"], state["containers"]
    known = {image: image for image in images.values()} | images
    if words[0] == "ps":
        project = words[-1].rpartition("=")[2]
        print("\n".join(name for name in containers if name.startswith(f"{project}/")))
    elif words[0] == "inspect":
        print(json.dumps([_describe(store, name, containers[name]) for name in words[1:]]))
    elif words[:2] == ["image", "inspect"]:
        print(known.get(words[-1], ""))
        return int(words[-1] not in known)
    elif words[:2] == ["image", "ls"]:
        _list_images(state, words)
    elif words[0] == "wait":
        told = store / containers[words[1]] / f"exit-{words[1].rpartition('/')[2]}"
        print(told.read_text() if told.exists() else "0")
    elif words[0] == "pull":
        images[words[1]] = state["registry"][words[1]]
    elif words[0] == "tag":
        images[words[2]] = known[words[1]]
    elif words[0] in ("rmi", "stop"):
        return int(words[0] == "rmi" and images.pop(words[-1], None) is None)
    else:  # run or exec
        image = known[words[words.index("python3") + 1]] if words[0] == "run" else ""
        place = store / image if image else find_container(store, words[2])
        program = _confine(store, sys.stdin.read().replace(IN_IMAGE, f"{place}/common"))
        import subprocess  # the other commands start sooner without it

        done = subprocess.run([sys.executable, "-I", "-"], input=program, capture_output=True, text=True, check=False)
        print(done.stdout, end="")
        return done.returncode
    return 0


def _confine(store: Path, program: str) -> str:
    """Return a program that sees a container's mounts, which are none but those in `mounts` of the store, and no processes of its own."""
    told = {"/proc/2/comm": ("comm", "kthreadd\n"), "/proc/self/mountinfo": ("mounts", "")}
    for path, (name, text) in told.items():
        if not (store / name).exists():
            (store / name).write_text(text)
        program = program.replace(path, f"{store}/{name}")
    return program


def _list_images(state: dict[str, dict[str, str]], words: list[str]) -> None:
    images, place = state["images"], f"{words[-1]}:"
    if "--quiet" in words:
        print(images.get(words[-1], images.get(words[-1].replace(":latest", ""), "")))
        return
    shown = set(images.values())
    if "--filter" in words:
        label = words[words.index("--filter") + 1].rpartition("=")[2]
        shown = {image for image, one in state.get("labels", {}).items() if one == label}
    print("\n".join(f"{name} {one}" for name, one in images.items() if name.startswith(place) and one in shown))


def _describe(store: Path, name: str, image: str) -> dict[str, object]:
    status = "restarting" if (store / image / "ill").exists() else "running"
    labels = {"com.docker.compose.service": name.partition("/")[2]}
    state = {"Status": status, "StartedAt": image}
    return {
        "Id": name,
        "Name": f"/{name_container(name)}",
        "Image": image,
        "RestartCount": 0,
        "State": state,
        "Config": {"Labels": labels},
    }


def name_container(name: str) -> str:
    """Return what a unit's container is called, by `project/unit`."""
    return f"{name.replace('/', '-')}-1"


def find_container(store: Path, name: str) -> Path:
    """Return the files of a container, by its name or id: those of its image until somebody puts others into `own` of the store."""
    containers = read_state(store)["containers"]
    (found,) = (one for one in containers if name in (one, name_container(one)))
    own = store / "own" / name_container(found)
    return own if own.exists() else store / containers[found]


def _compose(store: Path, state: dict[str, dict[str, str]], words: list[str]) -> int:
    services: dict[str, dict[str, object]] = {}
    name = ""
    while words[0].startswith("-"):
        option, value, *words = words
        if option == "-f":
            told = json.loads(sys.stdin.read() if value == "-" else Path(value).read_text())
            name = told.get("name", name)
            for unit, one in told["services"].items():
                build = {**services.get(unit, {}).get("build", {}), **one.get("build", {})}  # type: ignore[dict-item] # both are tables
                if "context" in one.get("build", {}):
                    build["context"] = os.path.normpath(Path(value).parent / str(build["context"]))
                services[unit] = {**services.get(unit, {}), **one, **({"build": build} if build else {})}
    units = [word for word in words[1:] if word in services]
    if "--resolve-image-digests" in words:
        return _resolve(state["registry"], services)
    if words[0] == "config":
        print(json.dumps({"name": name, "services": services}))
    for unit in units:
        image = str(services[unit].get("image") or f"{name}-{unit}")
        if words[0] == "build":
            context = Path(services[unit]["build"]["context"])  # type: ignore[index] # a table
            labels = services[unit]["build"].get("labels", {})  # type: ignore[attr-defined] # a table
            label = labels.get("common-sync.target", "")
            state["images"][image] = _build(store, context, unit + label)
            state.setdefault("labels", {})[state["images"][image]] = label
        elif words[0] == "up":
            _start(store, state, f"{name}/{unit}", state["images"][image], anew="--force-recreate" in words)
        else:
            state["containers"].pop(f"{name}/{unit}", None)
    return 0


def _start(store: Path, state: dict[str, dict[str, str]], name: str, image: str, *, anew: bool) -> None:
    """Start a container; a new one where its image is another one now, as Compose does."""
    if anew or state["containers"].get(name) != image:
        shutil.rmtree(store / "own" / name_container(name), ignore_errors=True)
    state["containers"][name] = image


def _resolve(registry: dict[str, str], services: dict[str, dict[str, object]]) -> int:
    for one in services.values():
        if (name := str(one["image"])) not in registry:
            print(f"failed to resolve digest for {name}: manifest unknown", file=sys.stderr)
            return 1
        one["image"] = f"{name}@{find_digest(registry[name])}"
    print(json.dumps({"services": services}))
    return 0


def find_digest(image: str) -> str:
    """Return the digest that an image has in a registry: there it is another one than its id."""
    return f"sha256:{image.rpartition(':')[2][::-1]}"


def _build(store: Path, context: Path, unit: str) -> str:
    import hashlib

    files = sorted(path for path in context.rglob("*") if path.is_file() and path.name != "compose.yml")
    digest = hashlib.sha256(unit.encode())
    for path in files:
        digest.update(path.read_bytes())
    image = f"sha256:{digest.hexdigest()}"
    if not (store / image).exists():
        shutil.copytree(context, store / image)
    return image


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
