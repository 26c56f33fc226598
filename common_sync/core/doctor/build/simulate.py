"""Follow a Dockerfile as the build would, and say what it would come upon.

Source of the rules: https://docs.docker.com/reference/dockerfile/, and BuildKit where that is silent.
"""

from collections.abc import Iterator, Mapping
from posixpath import basename, join, normpath
from typing import NamedTuple

from common_sync.core.doctor.build.exporting import find_lacking_exporter
from common_sync.core.doctor.build.outcome import Build, Installed, NotFollowed, Ran, Step, Taken
from common_sync.core.doctor.build.rights import refuse_in_mounts, refuse_managed
from common_sync.core.doctor.build.running import explain, find_absent_script, hedge, script_of
from common_sync.core.doctor.build.starting import Surrounding, list_later_installs, list_started
from common_sync.core.doctor.build.state import State, read_start
from common_sync.core.doctor.build.users import find_lacking_maker
from common_sync.core.doctor.image.bases import UNKNOWN_FOLDER, Base, read_base
from common_sync.core.doctor.image.copying import Copying, MissingSource, copy_layers, read_copy
from common_sync.core.doctor.image.effects import Layer, find_effects, why_not_followed
from common_sync.core.doctor.image.files import Allowed, Anything, Context, Doubt, Files, Gone, Image, Inline, Made, Put
from common_sync.core.doctor.image.flags import list_later_flags
from common_sync.core.doctor.image.lookup import is_shell
from common_sync.core.doctor.image.permissions import may_run_by
from common_sync.core.doctor.install.command import read_install
from common_sync.core.doctor.install.exported import read_export
from common_sync.core.doctor.install.listed import put_in_words
from common_sync.core.doctor.install.markers import find_target
from common_sync.core.doctor.install.needs import find_needs
from common_sync.core.doctor.install.project.isolation import list_installed
from common_sync.core.doctor.install.settings.configured import configure
from common_sync.core.doctor.install.settings.options import refuse_options, refuse_outside
from common_sync.core.doctor.install.wheels import read_platform, refuse_wheel
from common_sync.core.expressions import expression
from common_sync.core.formats.dockerfile.syntax import Dockerfile, Instruction, Stage
from common_sync.core.formats.dockerfile.variables import Variables, assignments, expand, used_in, with_variables
from common_sync.core.formats.dockerfile.words import Word
from common_sync.core.formats.shell.script import Command, read_script, read_words
from common_sync.core.formats.shell.words import Word as ShellWord
from common_sync.core.paths import below


def simulate(
    dockerfile: Dockerfile,
    context: Context,
    arguments: Mapping[str, str | None] | None = None,
    named: Mapping[str, Files] | None = None,
) -> Build:
    """Follow every stage of a Dockerfile.

    Args:
        dockerfile: The parsed file.
        context: The files that it may copy.
        arguments: The build arguments that it is given, by name; None for one that the environment has.
        named: The build contexts with names, in lower case, that it is given: they take the place of stages and images.

    Raises:
        UnparsableError: The build would refuse a value.
    """
    variables = {instruction.start: found for instruction, found in with_variables(dockerfile, arguments)}
    builder = _Builder(dockerfile, context, variables, named or {})
    for number, stage in enumerate(dockerfile.stages):
        builder.run(number, stage)
    return Build(tuple(end.finished() for end in builder.ends))


_UNKNOWN = "\0"
"""What stands for a variable's value that nobody can tell; no path holds it."""
_NEW_PIP = expression(r"pip(?:\s*[>~]=?.*|\s*==\s*(?:2[5-9]|24\.[1-9]|[3-9]\d).*)?")
"""What asks for a pip that is new enough."""


class _Mounted(NamedTuple):
    """What is mounted while a RUN runs: where, what is there then, whether it may only be read, and whose a cache is."""

    place: str
    layers: tuple[Layer, ...]
    read_only: bool = False
    owner: str = ""


class _Builder:
    def __init__(
        self,
        dockerfile: Dockerfile,
        context: Context,
        variables: Mapping[int, Variables],
        named: Mapping[str, Files],
    ) -> None:
        self._dockerfile, self._context, self._variables = dockerfile, context, variables
        self._named = named
        self.ends: list[State] = []

    def run(self, number: int, stage: Stage) -> None:
        state, starts = self._begin(number, stage), False
        for instruction in stage.instructions[1:]:
            match instruction.name:
                case "WORKDIR":
                    self._change_folder(instruction, state)
                case "COPY" | "ADD":
                    self._copy(instruction, state)
                case "RUN":
                    self._run(instruction, state)
                case "ENV":
                    self._set_paths(instruction, state)
                case "USER":
                    state.turn(self._expand(instruction.arguments, instruction), instruction.line)
                case "ENTRYPOINT" | "CMD":
                    state.begin_with(instruction, own=starts)
                    starts = starts or instruction.name == "CMD"
                case "SHELL":
                    state.posix = is_shell(basename(instruction.words[0].text if instruction.words else ""))
        around = Surrounding(state.image, self._context, state.workdir, state.variables, state.posix, state.login_path)
        begun = {name: read_start(one) for name, one in state.starts.items()}
        state.installs_later += list_later_installs(begun, around)
        state.started += list_started(begun, around)
        state.events += state.list_closed()
        self.ends.append(state)

    def _expand(self, word: Word, instruction: Instruction, unknown: str = "") -> ShellWord:
        found = expand(word, instruction, self._dockerfile.escape, self._variables[instruction.start], unknown)
        return ShellWord(found.word.text, not found.unknown)

    def _begin(self, number: int, stage: Stage) -> State:
        base = self._expand(stage.base, stage.instructions[0])
        if base.known and base.text.lower() in self._named:
            return State(stage.name, number, Base())
        built_on = self._stage(base.text) if base.known else None
        if built_on is None:
            known = read_base(base.text) if base.known else Base(folder=UNKNOWN_FOLDER)
            flag = stage.instructions[0].flag("platform")
            platform = self._expand(flag, stage.instructions[0]) if flag is not None else ShellWord("")
            known = known._replace(platform=platform.text if platform.known else "")
            return State(stage.name, number, known, base.text)
        state = State(stage.name, number, built_on.base)
        state.image, state.workdir = built_on.image, built_on.workdir
        state.posix, state.ran, state.rights = built_on.posix, built_on.ran, built_on.rights
        state.reading = built_on.reading
        state.built_on, state.before = built_on.number, built_on.before
        state.python_path, state.python_path_open = built_on.python_path, built_on.python_path_open
        state.path, state.path_open = built_on.path, built_on.path_open
        state.user, state.starts = built_on.user, dict(built_on.starts)
        state.environment = dict(built_on.environment)
        state.uses.add(built_on.number)
        return state

    def _stage(self, name: str) -> State | None:
        """Return an earlier stage by its name or number."""
        if name.isdigit() and int(name) < len(self.ends):
            return self.ends[int(name)]
        return next((end for end in reversed(self.ends) if end.name and end.name == name.lower()), None)

    def _change_folder(self, instruction: Instruction, state: State) -> None:
        place = self._expand(instruction.arguments, instruction)
        if not place.known:
            what = f"`WORKDIR {instruction.arguments.text}` holds a variable without a value"
            state.events.append(NotFollowed(instruction.line, what))
            why = f"line {instruction.line} changes to a folder that a variable names"
            state.image = state.image.with_layers(Doubt("/", why))
        state.workdir = normpath(join(state.workdir, place.text))
        state.image = state.image.with_layers(Made(state.workdir))
        state.rights = state.rights.entered(state.workdir)

    def _set_paths(self, instruction: Instruction, state: State) -> None:
        for name, written in assignments(instruction):
            found = self._expand(written, instruction) if written is not None else None
            state.environment[name] = found.text if found is not None and found.known else None
            if name == "HOME":
                state.rights = state.rights._replace(homed=True)
            if name in {"PATH", "PYTHONPATH"} and written is not None:
                value = self._expand(written, instruction, unknown=_UNKNOWN)
                parts = [part for part in value.text.split(":") if part and _UNKNOWN not in part]
                folders = tuple(normpath(join(state.workdir, part)) for part in parts)
                if name == "PYTHONPATH":
                    kept = () if value.known or name not in used_in(written) else state.python_path
                    state.python_path, state.python_path_open = (*folders, *kept), not value.known
                else:  # what is before it comes first, and what the base image has, last
                    state.path = (*folders, *state.path)
                    variables = self._variables[instruction.start]
                    unclear = any(variables.get(one) is None for one in used_in(written) if one != "PATH")
                    state.path_open = state.path_open or (not value.known and unclear)

    def _files(self, name: ShellWord | None, state: State) -> Files:
        """Return where a `--from` copies from."""
        if name is None:
            return self._context
        if name.known and name.text.lower() in self._named:
            return self._named[name.text.lower()]
        stage = self._stage(name.text) if name.known else None
        if stage is None:
            return Anything(f"it comes from `{name.text}`, which nobody can look into")
        state.uses.add(stage.number)
        return stage.image

    def _copy(self, instruction: Instruction, state: State) -> None:
        state.events += list_later_flags(instruction, self._dockerfile.syntax)
        copying = read_copy(instruction, lambda word: self._expand(word, instruction), state.workdir)
        state.rights = state.rights.copied(instruction, copying.destination if isinstance(copying, Copying) else "")
        if isinstance(copying, Copying):
            origin = copying.origin
            stage = self._stage(origin.text) if origin and origin.text.lower() not in self._named else None
            files = self._files(copying.origin, state)
            layers, events = copy_layers(copying, files, self._context, state.image, stage.may_hold if stage else None)
            state.events += events
            flags = {
                one: self._expand(value, instruction) for one in ("chmod", "chown") if (value := instruction.flag(one))
            }
            places = [one.place for one in layers]
            state.reading = state.reading.copied(places, instruction.line, flags.get("chmod"), flags.get("chown"))
            if stage is not None:
                state.taken.append(Taken(instruction.line, stage.number, copying.sources, copying.destination))
                state.steps.append(state.taken[-1])
            state.image = state.image.with_layers(*layers, *self._allowed(instruction, layers))
        else:
            state.events.append(NotFollowed(instruction.line, copying))
            state.image = state.image.with_layers(Doubt("/", f"in line {instruction.line} {copying}"))

    def _allowed(self, instruction: Instruction, layers: list[Put | Doubt]) -> Iterator[Allowed]:
        """Yield what `--chmod` says of what is copied."""
        mode = instruction.flag("chmod")
        if mode is not None:
            found = self._expand(mode, instruction)
            runs = may_run_by(found.text) if found.known else None
            yield from (Allowed(layer.place, runs) for layer in layers)

    def _run(self, instruction: Instruction, state: State) -> None:
        state.ran = True
        mounted = [*self._mounts(instruction, state)]
        mounts = [layer for mount in mounted for layer in mount.layers]
        effects: list[Layer] = []
        commands = self._commands(instruction, state)
        if commands is None:
            state.events.append(NotFollowed(instruction.line, "its script cannot be read"))
            why = f"line {instruction.line} runs a script that cannot be read"
            state.image = state.image.with_layers(Doubt(state.workdir, why))
            return
        for command in commands:
            image = state.image.with_layers(*mounts, *effects)
            if not self._install(command, image, mounted, instruction, state):
                state.steps.append(Ran(instruction.line, command, state.user, image))
            lacking = find_lacking_maker(command, state.base.system, state.steps)
            lacking = lacking or find_lacking_exporter(command, self._list_steps(state), self._context)
            lacking = lacking or find_absent_script(command, image)
            if lacking is not None:
                state.events.append(NotFollowed(instruction.line, lacking))
            if what := why_not_followed(command, image):
                folder = command.folder or "/"
                state.events.append(
                    NotFollowed(instruction.line, f"runs `{what}`; what that leaves in {folder} is unknown")
                )
                effects.append(Doubt(folder))
            layers = [*find_effects(command, image), *self._exported(command, image)]
            effects += (one for layer in layers for one in hedge(layer, command, image, instruction.line))
            state.rights = state.rights.used(command, state.base.system)
            state.reading = state.reading.used(command, instruction.line, state.user)
            effects = [explain(layer, command, instruction.line) for layer in effects]
        places = [mount.place for mount in mounted]
        kept = (layer for layer in effects if all(below(layer.place, place) is None for place in places))
        state.image = state.image.with_layers(*kept)

    def _list_steps(self, state: State) -> list[Step]:
        """Return what has run in a stage, in those that it begins with, and in those that it takes something from."""
        before = [] if state.built_on is None else self._list_steps(self.ends[state.built_on])
        taken = (step for one in state.taken for step in self._list_steps(self.ends[one.stage]))
        return [*before, *taken, *state.steps]

    def _exported(self, command: Command, image: Image) -> Iterator[Layer]:
        """Yield the file of requirements that a command writes by a lock file."""
        found = read_export(command, image, self._context)
        if found is not None:
            place, text = found
            yield from (Gone(place), Put(place, Inline(text), ""))

    def _commands(self, instruction: Instruction, state: State) -> list[Command] | None:
        variables = {
            name: word.text if word is not None else None for name, word in self._variables[instruction.start].items()
        } | {"PATH": state.search_path}
        if instruction.json:
            return read_words([ShellWord(word.text) for word in instruction.words], state.workdir, variables)
        script = script_of(instruction)
        found = read_script(script, state.workdir, variables) if state.posix and script is not None else None
        return list(found) if found is not None else None

    def _install(
        self, command: Command, image: Image, mounted: list[_Mounted], instruction: Instruction, state: State
    ) -> bool:
        command = put_in_words(command, image, self._context)
        asked = read_install(command)
        if asked is None:
            return False
        install = configure(asked, image, self._context, find_target(state.base.cpython, self._dockerfile.texts))
        locked = [mount.place for mount in mounted if mount.read_only]
        found = find_needs(install, image, self._context, state.before)
        platform = read_platform(state.base.system.name, state.base.platform)
        taken = (refuse_wheel(need, install, state.base.python, platform) for need in found)
        read = (refuse_in_mounts(need, locked) for need in taken)
        inside = bool(state.path) or "activate" in instruction.arguments.text
        given, caches = ([one.place for one in mounted if one.owner == owner] for owner in ("anybody", "root"))
        rights = state.rights._replace(given=(*state.rights.given, *given))
        active = {"VIRTUAL_ENV": "activated"} if "activate" in instruction.arguments.text else {}
        within = command._replace(environment={**command.environment, **active})
        hindered = rights.hinder(read, install, within, state.base.system, caches)
        stopped = (*refuse_options(install, command), *refuse_outside(install, command, inside=inside))
        needs = (*stopped, *hindered, *(refuse_managed(install, command) if state.base.managed and not inside else ()))
        state.before = state.before.with_installed(needs, list_installed(install, needs, image, self._context))
        old_pip, python = state.base.old_pip and install.tool == "pip", state.base.python
        where = (instruction, state.number, state.workdir)
        event = Installed(*where, install, needs, python, old_pip, command, state.user, image, platform)
        state.events.append(event)
        state.steps.append(event)
        if any(_NEW_PIP.fullmatch(one.word.text) for one in install.asked):
            state.base = state.base._replace(old_pip=False)
        return True

    def _mounts(self, instruction: Instruction, state: State) -> Iterator[_Mounted]:
        """Yield what is mounted while a RUN runs; what is written there is gone afterwards."""
        for flag in instruction.flags:
            if flag.name != "mount" or flag.value is None:
                continue
            value = self._expand(flag.value, instruction)
            options = dict(part.partition("=")[::2] for part in value.text.split(","))
            target = next((options[key] for key in ("target", "dst", "destination") if key in options), None)
            if target is None:
                continue
            place = normpath(join(state.workdir, target))
            kind = options.get("type", "bind")
            if kind == "bind":
                read_only = not any(options.get(key, "false") in {"", "true"} for key in ("rw", "readwrite"))
                yield _Mounted(place, (self._bound(options, place, instruction, state),), read_only)
            elif kind == "tmpfs":
                yield _Mounted(place, (Gone(place), Made(place)), owner="anybody")
            elif kind == "cache":
                why = f"line {instruction.line} mounts a cache there, which holds what earlier builds have left"
                owner = "anybody" if any(key in options for key in ("uid", "gid", "mode")) else "root"
                yield _Mounted(place, (Gone(place), Made(place), Doubt(place, why)), owner=owner)

    def _bound(self, options: Mapping[str, str], place: str, instruction: Instruction, state: State) -> Put:
        files = self._files(ShellWord(options["from"]) if "from" in options else None, state)
        source = normpath(options.get("source", options.get("src", "")).lstrip("/") or ".").removeprefix(".")
        source = f"/{source}" if "from" in options else source
        named = options.get("from", "")
        stage = self._stage(named) if named and named.lower() not in self._named else None
        if stage is not None:
            state.bound.append(Taken(instruction.line, stage.number, (source,), place))
        if files.look(source) is None and files is self._context:
            written = options.get("source", options.get("src", ""))
            dropped = self._context.why_dropped(source)
            state.events.append(MissingSource(instruction.line, written, source, dropped))
        return Put(place, files, source)
