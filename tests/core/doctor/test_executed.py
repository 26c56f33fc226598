"""Scripts that an image is started with and that the system does not execute.

The rules are those of Linux: a file without an x bit is executed by nobody, root included, and the first line names the interpreter.
They were tried with `sh`, `env` and a process without a shell; `make e2e` starts one image like these.
"""

from collections.abc import Mapping

import pytest
from support.contexts import BASE, LIBRARY, check_starts, context_of, view_of

from common_sync.core.doctor.checks.start.executed import check_executed
from common_sync.core.doctor.image.files import Image
from common_sync.core.doctor.image.permissions import may_run

ALL = BASE + "COPY . .\nRUN pip install ./common\n"
PUT = ALL + "COPY *.sh /usr/local/bin/\n"
START = 'CMD ["./start.sh"]'
LINKED = "RUN ln -s /app/plain.sh /x.sh && "
WINDOWS = "#!/bin/sh\r\nexec x\r\n"
SCRIPT = "#!/bin/sh\nexec python main.py\n"

ROWS: dict[str, tuple[str, Mapping[str, str], str]] = {
    # the x bit: plain.sh and what lies in plain/ has none, all else has it
    "it may": (ALL + START, {"start.sh": SCRIPT}, ""),
    "it may not": (ALL + 'CMD ["./plain.sh"]', {"plain.sh": SCRIPT}, "CS220:5"),
    "in shell form": (ALL + "CMD ./plain.sh", {"plain.sh": SCRIPT}, "CS220:5"),
    "as an ENTRYPOINT": (ALL + 'ENTRYPOINT ["/app/plain.sh"]', {"plain.sh": SCRIPT}, "CS220:5"),
    "under a wrapper": (ALL + 'ENTRYPOINT ["tini", "--", "./plain.sh"]', {"plain.sh": SCRIPT}, "CS220:5"),
    "by another script": (ALL + START, {"start.sh": "#!/bin/sh\n./plain.sh\n", "plain.sh": SCRIPT}, "CS220:5"),
    "a script of Python's": (ALL + "CMD ./plain.py", {"plain.py": "#!/usr/bin/env python\n"}, "CS220:5"),
    "a shell runs it": (ALL + 'CMD ["sh", "plain.sh"]', {"plain.sh": SCRIPT}, ""),
    "only under a condition": (ALL + "CMD test -x plain.sh && ./plain.sh", {"plain.sh": SCRIPT}, ""),
    "it is not there": (ALL + 'CMD ["./plain.sh"]', {}, ""),
    "in a folder that a variable names": (ALL + "CMD $X/plain.sh", {"plain.sh": SCRIPT}, ""),
    "in a folder that nobody can tell": (ALL + "CMD cd $X && ./plain.sh", {"plain.sh": SCRIPT}, ""),
    "nothing that is started": (ALL + "CMD X=1", {}, ""),
    # here.sh has it on this disk only, there.sh in git only
    "on this disk only": (ALL + "CMD ./here.sh", {"here.sh": SCRIPT}, "CS220:5"),
    "in git only": (ALL + "CMD ./there.sh", {"there.sh": SCRIPT}, "CS220:5"),
    "on this disk only, and chmod": (ALL + "RUN chmod +x here.sh\nCMD ./here.sh", {"here.sh": SCRIPT}, ""),
    "in git only, and COPY --chmod": (ALL + "COPY --chmod=755 there.sh /\nCMD /there.sh", {"there.sh": SCRIPT}, ""),
    "on this disk only, and a shell runs it": (ALL + "CMD sh here.sh", {"here.sh": SCRIPT}, ""),
    "on this disk only, out of another stage": (
        ALL.replace("slim", "slim AS b") + BASE + "COPY --from=b /app /x\nCMD /x/here.sh",
        {"here.sh": SCRIPT},
        "CS220:8",
    ),
    # chmod
    "chmod +x": (ALL + "RUN chmod +x plain.sh\nCMD ./plain.sh", {"plain.sh": SCRIPT}, ""),
    "chmod with options in one word": (ALL + "RUN chmod -Rv 755 /app\nCMD ./plain.sh", {"plain.sh": SCRIPT}, ""),
    "chmod by a number": (ALL + "RUN chmod -v 0755 /app/plain.sh\nCMD ./plain.sh", {"plain.sh": SCRIPT}, ""),
    "chmod by a number without it": (ALL + "RUN chmod 644 start.sh\n" + START, {"start.sh": SCRIPT}, "CS220:6"),
    "chmod -x": (ALL + "RUN chmod -x start.sh\n" + START, {"start.sh": SCRIPT}, "CS220:6"),
    "chmod of other rights": (ALL + "RUN chmod o-w,g+r plain.sh\nCMD ./plain.sh", {"plain.sh": SCRIPT}, "CS220:6"),
    "chmod of another file": (ALL + "RUN chmod +x other.sh\nCMD ./plain.sh", {"plain.sh": SCRIPT}, "CS220:6"),
    "chmod of what matches": (ALL + "RUN chmod a+rx *.sh\nCMD ./plain.sh", {"plain.sh": SCRIPT}, ""),
    "chmod of a folder": (ALL + "RUN chmod +x plain\nCMD ./plain/a.sh", {"plain/a.sh": SCRIPT}, "CS220:6"),
    "chmod of all in a folder": (ALL + "RUN chmod -R u+x plain\nCMD ./plain/a.sh", {"plain/a.sh": SCRIPT}, ""),
    "chmod of what a variable names": (ALL + "RUN chmod +x $X\nCMD ./plain.sh", {"plain.sh": SCRIPT}, ""),
    "chmod by what a variable names": (ALL + "RUN chmod $X plain.sh\nCMD ./plain.sh", {"plain.sh": SCRIPT}, ""),
    "chmod of nothing": (ALL + "RUN chmod\nCMD ./plain.sh", {"plain.sh": SCRIPT}, "CS220:6"),
    "chmod by find": (
        ALL + "RUN find . -name '*.sh' -exec chmod +x {} \\;\nCMD ./plain.sh",
        {"plain.sh": SCRIPT},
        "",
    ),
    "chmod under a condition": (
        ALL + "RUN if test -f x; then chmod +x plain.sh; fi\nCMD ./plain.sh",
        {"plain.sh": SCRIPT},
        "",
    ),
    "chmod before another COPY": (
        BASE + "COPY plain.sh .\nRUN chmod +x plain.sh\nCOPY . .\nCMD ./plain.sh",
        {"plain.sh": SCRIPT},
        "CS220:6",
    ),
    "what is copied beside it": (
        ALL + "COPY common /app/\nCOPY main.py /y/\nCMD ./plain.sh",
        {"plain.sh": SCRIPT},
        "CS220:7",
    ),
    "a script may have done it": (ALL + "RUN ./x\nCMD ./plain.sh", {"x": "", "plain.sh": SCRIPT}, ""),
    "chmod as another file": (ALL + "RUN chmod --reference=/bin/sh plain.sh\nCMD ./plain.sh", {"plain.sh": SCRIPT}, ""),
    "setfacl": (ALL + "RUN setfacl -m u::rx plain.sh\nCMD ./plain.sh", {"plain.sh": SCRIPT}, ""),
    "chmod by Python": (
        ALL + "RUN python -c 'import os; os.chmod(\"plain.sh\", 493)'\nCMD ./plain.sh",
        {"plain.sh": SCRIPT},
        "",
    ),
    # links have no rights of their own
    "a link to what may not": (ALL + "RUN ln -s /app/plain.sh /x.sh\nCMD /x.sh", {"plain.sh": SCRIPT}, "CS220:6"),
    "chmod of a link": (ALL + LINKED + "chmod +x /x.sh\nCMD /x.sh", {"plain.sh": SCRIPT}, ""),
    "chmod of a link's target": (ALL + LINKED + "chmod +x plain.sh\nCMD /x.sh", {"plain.sh": SCRIPT}, ""),
    "chmod of a link to what is started": (ALL + LINKED + "chmod +x /x.sh\nCMD ./plain.sh", {"plain.sh": SCRIPT}, ""),
    "a link to the folder": (
        ALL + "RUN ln -s /app/plain /x && chmod +x plain/a.sh\nCMD /x/a.sh",
        {"plain/a.sh": SCRIPT},
        "",
    ),
    "a link to a link": (
        ALL + "RUN ln -s /app/plain.sh /x.sh && ln -s /x.sh /y.sh && chmod +x plain.sh\nCMD /y.sh",
        {"plain.sh": SCRIPT},
        "",
    ),
    "links in a circle": (
        ALL + "RUN ln -sf /app/plain.sh /x.sh && ln -sf /x.sh /app/plain.sh\nCMD /x.sh",
        {"plain.sh": SCRIPT},
        "CS220:6",
    ),
    "a file over a link": (
        ALL + LINKED + "chmod +x plain.sh\nCOPY plain.sh /x.sh\nCMD /x.sh",
        {"plain.sh": SCRIPT},
        "CS220:7",
    ),
    # folders that are made say nothing of files
    "WORKDIR after COPY": (
        "FROM python:3.12-slim\nCOPY . /app\nWORKDIR /app\nRUN pip install ./common\nCMD ./plain.sh",
        {"plain.sh": SCRIPT},
        "CS220:5",
    ),
    "WORKDIR after COPY, and it may": (
        "FROM python:3.12-slim\nCOPY . /app\nWORKDIR /app\nRUN pip install ./common\nCMD ./start.sh",
        {"start.sh": SCRIPT},
        "",
    ),
    "mkdir after COPY": (ALL + "RUN mkdir -p /app\nCMD ./plain.sh", {"plain.sh": SCRIPT}, "CS220:6"),
    "removed and made anew": (ALL + "RUN rm plain.sh && ./x\nCMD ./plain.sh", {"x": "", "plain.sh": SCRIPT}, ""),
    # COPY
    "COPY --chmod": (ALL + "COPY --chmod=755 plain.sh /\nCMD /plain.sh", {"plain.sh": SCRIPT}, ""),
    "COPY --chmod of a folder": (ALL + "COPY --chmod=0755 . /x/\nCMD /x/plain.sh", {"plain.sh": SCRIPT}, ""),
    "COPY --chmod without it": (ALL + "COPY --chmod=644 start.sh /\nCMD /start.sh", {"start.sh": SCRIPT}, "CS220:6"),
    "COPY --chmod of what nobody knows": (ALL + "COPY --chmod=$X plain.sh /\nCMD /plain.sh", {"plain.sh": SCRIPT}, ""),
    "COPY of words": (ALL + "COPY <<EOF /x.sh\n#!/bin/sh\nEOF\nCMD /x.sh", {}, "CS220:8"),
    "out of another stage": (
        ALL.replace("slim", "slim AS b") + "RUN chmod +x plain.sh\n" + BASE + "COPY --from=b /app /x\nCMD /x/plain.sh",
        {"plain.sh": SCRIPT},
        "",
    ),
    "out of another stage, without it": (
        ALL.replace("slim", "slim AS b") + BASE + "COPY --from=b /app /x\nCMD /x/plain.sh",
        {"plain.sh": SCRIPT},
        "CS220:8",
    ),
    "of another name": (ALL + "RUN cp plain.sh /x.sh\nCMD /x.sh", {"plain.sh": SCRIPT}, "CS220:6"),
    "installed": (ALL + "RUN install plain.sh /x.sh\nCMD /x.sh", {"plain.sh": SCRIPT}, ""),
    "written by a line": (ALL + "RUN echo x > plain.sh\nCMD ./plain.sh", {"plain.sh": SCRIPT}, ""),
    "out of an image from elsewhere": (ALL + "COPY --from=lib:1 /x.sh /x.sh\nCMD /x.sh", {}, ""),
    "what lies below": (
        "FROM team/base\nWORKDIR /app\nCOPY . .\nRUN mkdir -p /app/y\nCMD ./y/x.sh",
        {},
        "",
    ),
    # the first line
    "no first line": (ALL + START, {"start.sh": "exec python main.py\n"}, "CS220:5"),
    "no first line, by a shell": (ALL + "CMD ./start.sh", {"start.sh": "exec python main.py\n"}, ""),
    "no first line, under a wrapper": (ALL + 'CMD ["env", "./start.sh"]', {"start.sh": "exec python main.py\n"}, ""),
    "a first line of Windows": (ALL + "CMD ./start.sh", {"start.sh": "#!/bin/sh\r\nexec x\r\n"}, "CS220:5"),
    "a first line of Windows, and a line that writes another file anew": (
        ALL + "RUN sed -i s/a/b/ main.py && sed s/a/b/ start.sh\nCMD ./start.sh",
        {"start.sh": WINDOWS},
        "CS220:6",
    ),
    "a first line of Windows, and rights for all": (
        ALL + "RUN find . -name '*.sh' -exec chmod +x {} +\nCMD ./start.sh",
        {"start.sh": WINDOWS},
        "CS220:6",
    ),
    "a first line of Windows, and rights and lines for all": (
        ALL + "RUN find . -exec chmod +x {} + -exec sed -i 's/x/y/' {} +\nCMD ./start.sh",
        {"start.sh": WINDOWS},
        "",
    ),
    "a first line of Windows, and a search": (ALL + "RUN find .\nCMD ./start.sh", {"start.sh": WINDOWS}, "CS220:6"),
    **{
        f"a first line of Windows that the image mends: {mend}": (
            ALL + f"RUN {mend}\nCMD ./start.sh",
            {"start.sh": WINDOWS},
            "",
        )
        for mend in (
            "dos2unix start.sh",
            "fromdos start.sh",
            "find . -name '*.sh' | xargs dos2unix",
            "sed -i 's/\\r$//' start.sh",
            "sed -i 's/\\r$//' *.sh",
            "sed -i 's/\\r$//' {start,run}.sh",
            "find . -name '*.sh' -exec sed -i 's/\\r$//' {} +",
            "find . -name '*.sh' | xargs sed -i 's/\\r$//'",
            "for f in *.sh; do sed -i 's/\\r$//' \"$f\"; done",
            "python -c 'import pathlib'",
        )
    },
    "a first line of Windows that another stage mends": (
        ALL.replace("slim", "slim AS b") + "RUN dos2unix start.sh\n" + BASE + "COPY --from=b /app /x\nCMD /x/start.sh",
        {"start.sh": WINDOWS},
        "",
    ),
    "a first line of Windows, out of another stage": (
        ALL.replace("slim", "slim AS b") + BASE + "COPY --from=b /app /x\nCMD /x/start.sh",
        {"start.sh": WINDOWS},
        "CS220:8",
    ),
    "a first line of Windows, by another script": (
        ALL + 'CMD ["sh", "a.sh"]',
        {"a.sh": "./start.sh\n", "start.sh": WINDOWS},
        "CS220:5",
    ),
    "a first line of Windows that the start mends": (
        ALL + 'CMD ["sh", "a.sh"]',
        {"a.sh": "sed -i 's/x/y/' start.sh\n./start.sh\n", "start.sh": WINDOWS},
        "",
    ),
    "without an x bit, under a condition": (ALL + "CMD test -f x && ./plain.sh", {"plain.sh": SCRIPT}, "CS213:5"),
    "without an x bit, only where it has one": (ALL + "CMD test -x plain.sh && ./plain.sh", {"plain.sh": SCRIPT}, ""),
    # by PATH
    "by PATH": (PUT + 'ENTRYPOINT ["start.sh"]', {"start.sh": SCRIPT}, ""),
    "by PATH, and it may not": (PUT + 'ENTRYPOINT ["plain.sh"]', {"plain.sh": SCRIPT}, "CS220:6"),
    "by PATH, with what is passed on": (
        PUT + 'ENTRYPOINT ["plain.sh"]\nCMD ["python", "main.py"]',
        {"plain.sh": SCRIPT},
        "CS220:6",
    ),
    "by PATH, in shell form": (PUT + "CMD exec plain.sh", {"plain.sh": SCRIPT}, "CS220:6"),
    "by PATH, by another name": (ALL + 'COPY plain.sh /usr/bin/serve\nCMD ["serve"]', {"plain.sh": SCRIPT}, "CS220:6"),
    "by PATH, in a folder of its own": (
        ALL + 'ENV PATH="/app/plain:$PATH"\nCMD ["a.sh"]',
        {"plain/a.sh": SCRIPT},
        "CS220:6",
    ),
    "by PATH, and chmod": (
        PUT + 'RUN chmod +x /usr/local/bin/plain.sh\nCMD ["plain.sh"]',
        {"plain.sh": SCRIPT},
        "",
    ),
    "by PATH, and COPY --chmod": (
        ALL + 'COPY --chmod=0755 plain.sh /usr/local/bin/\nCMD ["plain.sh"]',
        {"plain.sh": SCRIPT},
        "",
    ),
    "by PATH, with CR LF": (PUT + 'ENTRYPOINT ["start.sh"]', {"start.sh": WINDOWS}, "CS220:6"),
    "by PATH, with CR LF that a line mends": (
        PUT + 'RUN sed -i "s/\\r$//" /usr/local/bin/start.sh\nENTRYPOINT ["start.sh"]',
        {"start.sh": WINDOWS},
        "",
    ),
    "by PATH, without a first line": (PUT + 'ENTRYPOINT ["start.sh"]', {"start.sh": "exec x\n"}, "CS220:6"),
    "by PATH, without a first line, by a shell": (PUT + "CMD start.sh", {"start.sh": "exec x\n"}, ""),
    "by PATH, in a heredoc": (ALL + "COPY <<EOF /usr/local/bin/x\n#!/bin/sh\nEOF\nCMD x", {}, "CS220:8"),
    "by PATH, another one before it": (
        PUT + "RUN curl -o /usr/local/sbin/plain.sh x\nCMD plain.sh",
        {"plain.sh": SCRIPT},
        "",
    ),
    "by PATH, a folder of its name before it": (
        PUT + "RUN mkdir /usr/local/sbin/plain.sh\nCMD plain.sh",
        {"plain.sh": SCRIPT},
        "CS220:7",
    ),
    "by PATH, by another script": (
        PUT + 'ENTRYPOINT ["start.sh"]',
        {"start.sh": "#!/bin/sh\nexec plain.sh\n", "plain.sh": SCRIPT},
        "CS220:6",
    ),
    "a PATH that nobody knows": (PUT + "ENV PATH=$X\nCMD plain.sh", {"plain.sh": SCRIPT}, "CS220:7"),
    # CR LF in a script that a shell reads
    "a first line of Windows, for a shell": (ALL + "CMD sh start.sh", {"start.sh": WINDOWS}, "CS220:5"),
    "CR LF, for Bash": (ALL + 'CMD ["bash", "-e", "./start.sh"]', {"start.sh": "set -e\r\nexec x\r\n"}, "CS220:5"),
    "CR LF, for Bash, by PATH": (PUT + 'CMD ["bash", "run.sh"]', {"run.sh": WINDOWS}, "CS220:6"),
    "CR LF, under a wrapper": (ALL + 'CMD ["env", "X=1", "sh", "start.sh"]', {"start.sh": WINDOWS}, "CS220:5"),
    "CR LF, by another script": (
        ALL + 'CMD ["sh", "a.sh"]',
        {"a.sh": "exec sh start.sh\n", "start.sh": WINDOWS},
        "CS220:5",
    ),
    "CR LF in the last line but one": (ALL + "CMD sh start.sh", {"start.sh": "set -e\r\nexec x"}, "CS220:5"),
    "CR LF after comments only": (ALL + "CMD sh start.sh", {"start.sh": "#!/bin/sh\r\n\r\n # x\r\nexec x"}, ""),
    "CR LF that a line mends": (ALL + "RUN dos2unix start.sh\nCMD sh start.sh", {"start.sh": WINDOWS}, ""),
    "CR LF that nobody reads": (ALL + "CMD sh start.sh", {"start.sh": "exec x\n", "a.sh": WINDOWS}, ""),
    "CR LF, for Python": (ALL + "CMD python main.py", {"main.py": "import x\r\n"}, ""),
    "CR LF in what is sourced": (ALL + "CMD . ./start.sh; sleep 1", {"start.sh": "X=1\r\n"}, ""),
    "CR LF in what is not there": (ALL + "CMD sh start.sh", {}, ""),
    "LF": (ALL + "CMD sh start.sh", {"start.sh": "set -e\nexec x\n"}, ""),
}


@pytest.mark.parametrize("name", ROWS)
def test_what_is_started_has_to_be_executed(name: str) -> None:
    """A service would be called proven that ends at once with `permission denied`; or one that runs, broken."""
    dockerfile, files, expected = ROWS[name]
    view = view_of({**LIBRARY, "main.py": "", **files}, f"{dockerfile}\n", plain=("plain",))
    assert " ".join(f"{one.code}:{one.line}" for one in check_starts(check_executed, view)) == expected


def test_a_file_that_nothing_has_put_there_is_nobodys() -> None:
    """A script of the base image would be called one without an x bit."""
    assert may_run("/start.sh", Image(), context_of({})) is None


BITS = {
    "here.sh": "in a build of a clone, as in CI, /app/here.sh may not be executed: git has it without an x bit",
    "there.sh": "/app/there.sh may not be executed: it has no x bit on this disk, though git has it with one",
    "plain.sh": "/app/plain.sh may not be executed: it has no x bit",
}


@pytest.mark.parametrize("name", BITS)
def test_whose_bit_is_missing_is_said(name: str) -> None:
    """A person would look at a script that may be executed on this disk, and not see what is wrong in CI."""
    view = view_of({**LIBRARY, name: SCRIPT}, ALL + f"CMD ./{name}\n", plain=("plain",))
    assert BITS[name] in " ".join(one.message for one in check_starts(check_executed, view))
