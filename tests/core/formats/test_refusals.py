"""Lines that pip takes and uv refuses, and the other way round: as pip 23.2 and 26.3 and uv 0.13 did."""

import pytest

from common_sync.core.formats.pip.refusals import why_refused, why_uv_refuses
from common_sync.core.formats.pip.syntax import parse_instructions

HASH = "--hash=sha256:" + "82fee1fc" * 8
LINES = [  # line, whether pip takes it, whether uv does
    ("-e ./common", True, True),
    ("./common", True, True),
    ("./common#egg=our-common", False, True),
    ("-e ./common#egg=our-common", False, True),
    ("-e .#subdirectory=common", False, False),
    ("./#subdirectory=common", False, False),
    ("-e our-common @ file:common", False, True),
    ("-e our-common @ file:./common", False, True),
    ("-e our-common @ ./common", False, True),
    ("our-common @ ./common", False, True),
    ("our-common[x] @ ./common", False, True),
    ("our-common @ file:./common", True, True),  # not by a pip before 24.1, which CS212 says
    ("our-common[x]@file:./common", True, True),
    ("our-common @ file:///app/common", True, True),
    ("our-common @ file://localhost/app/common", True, True),
    ("our-common @ FILE:./common", False, False),
    ("FILE:./common", False, False),
    ("-e file:./common", True, True),
    ("-e file:///app/common#egg=our-common", True, True),
    ("file:./common#egg=our-common", True, True),
    ("file:.#egg=our-common&subdirectory=common", True, False),
    ("-e file:///app#subdirectory=common", True, False),
    ("-e ./common[x]", True, True),
    ("-e ./common [x]", True, False),
    ("./common[x]#egg=our-common", False, True),
    ("file:./common[x]", False, True),
    ("-e file:./common[x]", True, True),
    ('./common ; python_version > "3"', True, True),
    ('./common; python_version > "3"', True, True),
    ('./common;python_version > "3"', True, False),
    ('-e ./common ; python_version > "3"', True, True),
    ('-e ./common; python_version > "3"', False, True),
    ('-e ./common;python_version > "3"', False, False),
    ('our-common @ file:./common; python_version > "3"', True, True),
    ('our-common @ file:///app/common;python_version > "3"', True, False),
    (f"./common {HASH}", False, False),
    (f"-e ./common {HASH}", True, False),
    ("./common --config-settings a=b", True, False),
    ("-e ./common extra", True, False),
    ('-e "./common"', True, False),
    ("-e './common'", True, False),
    ('--editable="./common"', True, False),
    ("-e./common", True, False),
    ("--editable=./common", True, True),
    ("./com\\\nmon", True, False),
    ("\\\n./common", True, True),
    ("-e \\\n./common", True, False),
    ("./common --global-option x", True, False),  # by a pip before 25.3
]


@pytest.mark.parametrize(("line", "pip", "uv"), LINES, ids=[line for line, _, _ in LINES])
def test_what_an_installer_refuses_is_told(line: str, *, pip: bool, uv: bool) -> None:
    """A build would be called proven that stops at a line which this installer does not take."""
    (one,) = parse_instructions(line)
    said = {
        tool: why_refused(tool, one.value.value, editable=one.kind == "editable", loose=one.loose, options=one.options)
        for tool in ("pip", "uv")
    }
    said["uv"] = said["uv"] or why_uv_refuses(one)
    assert (not said["pip"], not said["uv"]) == (pip, uv), said


def test_a_url_of_two_slashes() -> None:
    """A build would stop where pip looks for a machine that is called like the folder."""
    for where in ("file://common", "our-common @ file://common/x"):
        assert "name of a machine" in why_refused("pip", where, editable=False, loose=(), options=())
    assert not why_refused("pip", "file://localhost/app/common", editable=False, loose=(), options=())
