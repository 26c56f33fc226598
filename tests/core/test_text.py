"""Text: no byte is lost on the way to characters and back, and pip reads the same characters.

It leans on inner modules of pip (`pip._internal`), which any release may move: the judge is the pip that the locked set names.
"""

import codecs

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pip._internal.network.session import PipSession
from pip._internal.req.req_file import get_file_content

from common_sync.core.model import Edit
from common_sync.core.text import (
    Text,
    UndecodableError,
    apply_edits,
    decode,
    decode_bytes,
    decode_requirements,
    encode,
    encode_bytes,
    find_conflict,
)

LINE = "-e ../../common  # für alle\r\n"

DECODED = [
    pytest.param(LINE.encode(), "utf-8", b"", id="UTF-8 where nothing says otherwise"),
    pytest.param(codecs.BOM_UTF8 + LINE.encode(), "utf-8", codecs.BOM_UTF8, id="UTF-8 with a byte order mark"),
    pytest.param(
        codecs.BOM_UTF16_LE + LINE.encode("utf-16-le"), "utf-16-le", codecs.BOM_UTF16_LE, id="UTF-16 of PowerShell's >"
    ),
    pytest.param(
        codecs.BOM_UTF16_BE + LINE.encode("utf-16-be"), "utf-16-be", codecs.BOM_UTF16_BE, id="UTF-16, big end"
    ),
    pytest.param(
        codecs.BOM_UTF32_LE + LINE.encode("utf-32-le"), "utf-32-le", codecs.BOM_UTF32_LE, id="UTF-32 is not UTF-16"
    ),
    pytest.param(
        codecs.BOM_UTF32_BE + LINE.encode("utf-32-be"), "utf-32-be", codecs.BOM_UTF32_BE, id="UTF-32, big end"
    ),
    pytest.param(f"# -*- coding: latin-1 -*-\n{LINE}".encode("latin-1"), "latin-1", b"", id="a coding comment"),
    pytest.param(f"\n#coding=cp1252\n{LINE}".encode("cp1252"), "cp1252", b"", id="a coding comment in the second line"),
    pytest.param(
        f"x\n\n# coding: latin-1\n{LINE}".encode(), "utf-8", b"", id="a coding comment in the third line is none"
    ),
    pytest.param(f" # coding: latin-1\n{LINE}".encode(), "utf-8", b"", id="an indented coding comment is none"),
    pytest.param(
        codecs.BOM_UTF8 + f"# coding: latin-1\n{LINE}".encode(), "utf-8", codecs.BOM_UTF8, id="the byte order mark wins"
    ),
    pytest.param(b"", "utf-8", b"", id="an empty file"),
]


@pytest.mark.parametrize(("data", "encoding", "bom"), DECODED)
def test_decodes_and_encodes_back(data: bytes, encoding: str, bom: bytes) -> None:
    """A requirements file saved by another editor would be refused, or come back with other bytes."""
    text = decode_requirements(data)
    assert (text.encoding, text.bom) == (encoding, bom)
    assert encode(text) == data


@pytest.mark.parametrize("data", [pytest.param(one.values[0], id=str(one.id)) for one in DECODED])
def test_decodes_as_pip_does(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The tool would look for references in another text than the one that pip installs from."""
    path = tmp_path_factory.mktemp("pip") / "requirements.txt"
    path.write_bytes(data)
    assert decode_requirements(data).characters == get_file_content(str(path), PipSession())[1]


@pytest.mark.parametrize(
    ("data", "position", "reason"),
    [
        pytest.param(b"-e x\n# f\xfcr", 8, "not utf-8: invalid start byte", id="Latin-1 that does not say so"),
        pytest.param(
            codecs.BOM_UTF8 + b"a\xff", 4, "not utf-8: invalid start byte", id="counted from the mark's start"
        ),
        pytest.param(codecs.BOM_UTF16_LE + b"a\0b", 4, "not utf-16-le: truncated data", id="half a UTF-16 character"),
        pytest.param(b"\n# coding: klingon\n", 11, "the encoding 'klingon' is unknown", id="an unknown codec"),
        pytest.param(b"# coding: rot13\n", 10, "the encoding 'rot13' is unknown", id="a codec that is not for bytes"),
        pytest.param(b"# coding: undefined\n", 0, "not undefined", id="a codec that always fails"),
        pytest.param(
            b"# coding: utf-7\n+AGE-",
            16,
            "would not be written back as the same utf-7 bytes",
            id="bytes that would come back as others",
        ),
        pytest.param(
            b"# coding: utf-8-sig\n",
            0,
            "would not be written back as the same utf-8-sig bytes",
            id="a codec that adds a mark",
        ),
    ],
)
def test_refuses_what_would_not_survive(data: bytes, position: int, reason: str) -> None:
    """A file would be damaged by an edit somewhere else in it, or the user not told which byte is in the way."""
    with pytest.raises(UndecodableError) as caught:
        decode_requirements(data)
    assert (caught.value.position, caught.value.reason) == (position, reason)
    assert str(caught.value) == f"byte {position}: {reason}"


def test_decodes_a_known_encoding() -> None:
    """A Dockerfile, which is UTF-8 whatever its comments say, would be read as something else."""
    assert decode(b"# coding: latin-1\n\xc3\xbc", "utf-8") == Text("# coding: latin-1\nü", "utf-8", b"")


STARTS = [b"", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE]
CODECS = ["latin-1", "cp1252", "utf-7", "utf-16", "shift_jis", "iso-2022-jp", "idna", "punycode", "hz", "none"]
STARTS += [f"# coding: {codec}\n".encode() for codec in CODECS]


@given(st.sampled_from(STARTS), st.binary())
def test_no_byte_is_lost(start: bytes, rest: bytes) -> None:
    """A file that decodes would be written back with other bytes than it had."""
    data = start + rest
    back, position = data, 0
    try:
        back = encode(decode_requirements(data))
    except UndecodableError as error:
        position = error.position
    assert back == data
    assert 0 <= position <= len(data)


@given(st.lists(st.tuples(st.text(max_size=4), st.text(max_size=4))), st.text(max_size=4))
def test_edits_replace_their_spans_and_nothing_else(pieces: list[tuple[str, str]], end: str) -> None:
    """Characters beside a path would be changed."""
    edits = []
    before = after = ""
    for kept, replaced in pieces:
        before, after = before + kept, after + kept
        edits.append(Edit(len(before), len(before) + len(replaced), replaced[::-1] * 2))
        before, after = before + replaced, after + replaced[::-1] * 2
    assert apply_edits(before + end, edits) == after + end


@pytest.mark.parametrize(
    "edits",
    [
        pytest.param([Edit(0, 2, ""), Edit(1, 3, "")], id="overlapping"),
        pytest.param([Edit(2, 3, ""), Edit(0, 1, "")], id="not sorted"),
        pytest.param([Edit(2, 1, "")], id="ending before its start"),
        pytest.param([Edit(2, 5, "")], id="past the end"),
        pytest.param([Edit(-1, 1, "")], id="before the start"),
    ],
)
def test_refuses_edits_that_make_no_sense(edits: list[Edit]) -> None:
    """A mistake in a rewriter would write a garbled file, and not stop."""
    with pytest.raises(ValueError, match="overlaps the one before it or lies outside"):
        apply_edits("abcd", edits)


@pytest.mark.parametrize(
    ("characters", "line"),
    [
        ("<<<<<<< HEAD\na\n=======\nb\n>>>>>>> x\n", 1),
        ("a\n<<<<<<< HEAD\na\n=======\nb\n>>>>>>> x", 2),
        ("a <<<<<<< HEAD\n>>>>>>> x", None),
        ("<<<<<<< HEAD\n", None),
        (">>>>>>> x\n<<<<<<< HEAD\n", None),
        ("", None),
    ],
)
def test_the_marks_of_a_merge(characters: str, line: int | None) -> None:
    """A file that git has not finished would be taken for what somebody wrote; or a text about git for such a file."""
    assert find_conflict(characters) == line


@given(st.binary(max_size=20).map(lambda data: data + b"\n"))
@example(codecs.BOM_UTF8 + b"# caf\xe9\n")
def test_what_docker_reads_as_bytes_is_written_back_as_it_was(data: bytes) -> None:
    """A Dockerfile that `doctor --fix` adds a line to would lose bytes elsewhere."""
    assert encode_bytes(decode_bytes(data)) == data
