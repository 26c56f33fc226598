"""A short part of `make fuzz`, the same each time: every seed, and so many mutations of seeds."""

import random

import pytest
from fuzz.targets import TARGETS, seeds
from support.counted import no_hang
from support.depth import Record, sample

INPUTS = {"requirements": 1500, "manifest": 3000, "configuration": 1500, "ignore": 150}
"""How many; those of `ignore` are put to git one by one."""


def mutate(data: bytes, chance: random.Random, words: list[bytes]) -> bytes:
    """Return some bytes with a few changes: bytes replaced, removed or put in, pieces of other seeds put in or repeated."""
    for _ in range(chance.randint(1, 4)):
        start = chance.randint(0, len(data))
        end = min(len(data), start + chance.choice([0, 0, 1, 1, 2, 8, 64]))
        other = chance.choice(words)
        cut = chance.randint(0, len(other))
        piece = chance.choice(
            [
                b"",
                chance.randbytes(1),
                chance.choice(ODD),
                other[cut : cut + chance.choice([1, 4, 16])],
                data[start:end] * 3,
            ]
        )
        data = data[:start] + piece + data[end:]
    return data


ODD = (
    b"\0",
    b"\n",
    b"\r\n",
    b"\\",
    b"\\\n",
    b'"',
    b"#",
    b"[",
    b"]",
    b"{",
    b"../",
    b"-e ",
    b"\xff",
    b"\xc3",
    b"\xef\xbb\xbf",
    b"9" * 30,
)


@pytest.mark.parametrize("name", TARGETS)
def test_a_part_of_it(name: str, record_property: Record) -> None:
    """Some input that nobody has thought of would end in a traceback, or be rewritten to something else."""
    chance, words = random.Random(name), seeds(name)  # noqa: S311 - the same each time
    mutated = [mutate(chance.choice(words), chance, words) for _ in range(INPUTS.get(name, 1000))]
    inputs = [*words, *sample(mutated, INPUTS.get(name, 1000) // 10, record_property, f"fuzz inputs, {name}")]
    for data in inputs:
        with no_hang():
            TARGETS[name](data)
    record_property(f"count: fuzz inputs, {name}", len(inputs))
