"""Identifiers that sort by the time they were made."""

import secrets
import time

# Crockford's base 32: no I, L, O or U, so that an id can be read out over the phone.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TIME_LENGTH = 10
_RANDOM_LENGTH = 16


def new_id(prefix: str) -> str:
    """Return a new identifier such as ``med_01J9ZK3V5Q8R7S6T5V4W3X2Y1Z``.

    The part after the prefix has the layout of a ULID: 48 bits of milliseconds since
    1970, then 80 random bits.
    """
    milliseconds = time.time_ns() // 1_000_000
    moment = _encode(milliseconds, _TIME_LENGTH)
    return f"{prefix}_{moment}{_encode(secrets.randbits(80), _RANDOM_LENGTH)}"


def _encode(number: int, length: int) -> str:
    """Write a number in base 32, with zeros in front up to the length."""
    digits: list[str] = []
    for _ in range(length):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
