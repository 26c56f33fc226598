"""Whether the user who runs an image may read what it is started with, once lines have taken that away."""

import pytest
from support.contexts import BASE, LIBRARY, troubles_of

COPY = BASE + "COPY . .\n"
FILES = {**LIBRARY, "main.py": "", "e.sh": "#!/bin/sh\nexec python main.py\n"}
ROWS: dict[str, tuple[str, str]] = {
    "only root": ("RUN chmod -R 700 /app\nUSER 1000", "CS213:4"),
    "only root, by a relative path": ("RUN chmod -R 0700 .\nUSER 1000", "CS213:4"),
    "only root, in the folder alone": ("RUN chmod 700 /app\nUSER 1000", "CS213:4"),
    "only root, and all that is in it": ("RUN chmod -R 700 /app/*\nUSER 1000", "CS213:4"),
    "run by root": ("RUN chmod -R 700 /app", ""),
    "run by root, by name": ("RUN chmod -R 700 /app\nUSER root:root", ""),
    "everybody": ("RUN chmod -R 755 /app\nUSER 1000", ""),
    "everybody again": ("RUN chmod -R 700 /app && chmod -R a+rX /app\nUSER 1000", ""),
    "by letters": ("RUN chmod -R go-rwx /app\nUSER 1000", "CS213:4"),
    "by letters, all at once": ("RUN chmod -R u=rwX,go= /app\nUSER 1000", "CS213:4"),
    "by letters, for others": ("RUN chmod -R u=rwX,g=u,o=rX /app\nUSER 1000", ""),
    "no right to write": ("RUN chmod -R a-w /app\nUSER 1000", ""),
    "no right to enter": ("RUN chown -R app /app && chmod -R 644 /app\nUSER app", "CS213:4"),
    "a mode that nobody can tell": ("ARG M\nRUN chmod -R $M /app\nUSER 1000", ""),
    "a place that nobody can tell": ("ARG M\nRUN chmod -R 700 $M\nUSER 1000", ""),
    "like another": ("RUN chmod --reference=/x -R /app\nUSER 1000", ""),
    "another folder": ("RUN chmod -R 700 /secret\nUSER 1000", ""),
    "a file that nobody starts": ("RUN chmod 600 common/x.py\nUSER 1000", ""),
    "the file that is started": ('RUN chmod 600 main.py\nUSER 1000\nCMD ["python", "main.py"]', "CS213:4"),
    "a file that may be read": ('RUN chmod 644 main.py\nUSER 1000\nCMD ["python", "main.py"]', ""),
    "a script that only root executes": ('RUN chmod 744 e.sh\nUSER 1000\nCMD ["./e.sh"]', "CS213:4"),
    "a script that a shell reads": ('RUN chmod 744 e.sh\nUSER 1000\nCMD ["sh", "e.sh"]', ""),
    "a script that is copied": ('COPY --chmod=700 e.sh /e.sh\nUSER 1000\nCMD ["/e.sh"]', "CS213:4"),
    "a script that is copied and given": ('COPY --chmod=700 --chown=1000 e.sh /e.sh\nUSER 1000\nCMD ["/e.sh"]', ""),
    "a script that is copied to programs": ("COPY --chmod=700 e.sh /usr/local/bin/\nUSER 1000", ""),
    "the image's own Python": ("RUN chmod -R 700 /usr/local\nUSER 1000", "CS213:4"),
    "an environment in PATH": ("ENV PATH=/venv/bin:$PATH\nRUN chmod -R o= /venv\nUSER app", "CS213:5"),
    "by find": ("RUN find /app -type d -exec chmod 700 {} +\nUSER 1000", "CS213:4"),
    "by find, for everybody": ("RUN find . -type f -exec chmod 644 {} +\nUSER 1000", ""),
    "by find, files for root": ("RUN find . -type f -exec chmod 600 {} +\nUSER 1000", "CS213:4"),
    "owned by the user": ("RUN useradd -u 1000 app && chown -R app:app /app && chmod -R 700 /app\nUSER app", ""),
    "owned by the user, by number": (
        "RUN useradd -u 1000 app && chown -R app /app && chmod -R 700 /app\nUSER 1000",
        "",
    ),
    "owned by another": (
        "RUN useradd -u 1000 a && useradd b && chown -R a /app && chmod -R 700 /app\nUSER b",
        "CS213:4",
    ),
    "owned by another number": ("RUN chown -R 1001:1001 /app && chmod -R 700 /app\nUSER 1000", "CS213:4"),
    "owned by one who may be another": ("RUN useradd app && chown -R app /app && chmod -R 700 /app\nUSER 1000", ""),
    "owned by one who is another": (
        "RUN useradd -u 5 app && chown -R app /app && chmod -R 700 /app\nUSER 1000",
        "CS213:4",
    ),
    "owned by whom nobody can tell": ("ARG U\nRUN chown -R $U /app && chmod -R 700 /app\nUSER app", ""),
    "given by COPY": ("COPY --chown=app --chmod=700 . /app\nUSER app", ""),
    "given to nobody by COPY": ("COPY --chmod=700 . /app\nUSER app", "CS213:4"),
    "given by COPY to whom nobody can tell": ("ARG U\nCOPY --chown=$U --chmod=700 . /app\nUSER app", ""),
    "a mode of COPY that nobody can tell": ("ARG M\nCOPY --chmod=$M . /app\nUSER app", ""),
    "a group": ("RUN useradd app && chown -R root:app /app && chmod -R 750 /app\nUSER app", ""),
    "a group by chgrp": ("RUN useradd app && chgrp -R app /app && chmod -R 750 /app\nUSER app", ""),
    "the group of root": ("RUN useradd app && chmod -R 750 /app\nUSER app", "CS213:4"),
    "the group of root, for a number": ("RUN chmod -R 750 /app\nUSER 1000", ""),
    "by the user": ("USER app\nRUN chmod -R 700 /app", ""),
    "a user whom a variable names": ("ARG U\nRUN chown -R app /app && chmod -R 700 /app\nUSER $U", ""),
    "without a mode": ("RUN chmod\nUSER 1000", ""),
}


@pytest.mark.parametrize("name", ROWS)
def test_who_runs_an_image_has_to_read_it(name: str) -> None:
    """A service would be called proven that ends at once with `permission denied`; or one that runs, in doubt."""
    lines, expected = ROWS[name]
    found = [one for one in troubles_of(f"{COPY}{lines}\n", FILES) if "is the mode of" in one.message]
    assert " ".join(f"{one.code}:{one.line}" for one in found) == expected


def test_what_a_stage_closes_stays_closed_above_it() -> None:
    """A service would be called proven whose last stage only sets the user."""
    found = troubles_of(f"{COPY.replace('slim', 'slim AS b')}RUN chmod -R 700 /app\nFROM b\nUSER 1000\n", FILES)
    assert [(one.code, one.line) for one in found] == [("CS213", 4)]
    assert (
        found[0].message == "`700` is the mode of /app, and nothing shows that `1000`, who runs the image, may read it"
    )
