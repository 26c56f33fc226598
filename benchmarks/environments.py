"""Environments: three services set up by `env sync` and by pip, as scripts do it; and ten that are in sync."""

import os
import shutil
import sys
from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.rivals import tool
from benchmarks.rounds import Table, WrongResultError, check_status, rotated
from benchmarks.running import Command, run
from benchmarks.trees import commit, write_text

KEY, TITLE = "environments", "Environments"
ROUNDS = 3

SYNC, PIP = "**`common-sync env sync`**", "`venv` and `pip install` loop"
IDLE, BARE = "**`common-sync env sync`**, nothing to do", "`python -c pass`"
BUILT, MANY = 3, 10
"""How many services are set up, and how many are looked at when there is nothing to do."""

_WHEELS = os.path.join(os.path.dirname(os.path.dirname(sys.executable)), "wheels")
"""What set-up has downloaded: no index is asked."""

_REQUIREMENTS = ("typer\npydantic\n", "gitpython\nrich\n", "tomlkit\npyyaml\npydantic\n")
_CONFIGURATION = 'master = "common"\nservices = ["services/*"]\nignore = ["CS309"]\n'
_PIP = """\
for service in services/*; do
python3=$1
"$python3" -m venv "$service/.venv" && "$service/.venv/bin/pip" install --quiet --disable-pip-version-check -r "$service/requirements.txt" || exit 1
done"""
