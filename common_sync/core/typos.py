"""What a typo may be meant for."""

from collections.abc import Iterable

_LONGEST = 200  # letters of what may be a typo: longer words are not compared
_MOST_MEANT = 2  # words that a typo may be meant for


def nearest(word: str, words: Iterable[str]) -> str:
    """Return `did you mean …?` for a typo; nothing when no word is near, or more than two are equally so."""
    near: dict[int, list[str]] = {}
    for known in dict.fromkeys(words):
        one, other, folder = word, known, word.rpartition("/")[0]
        if folder and known.startswith(f"{folder}/"):  # a long path does not make far names near
            one, other = word[len(folder) + 1 :], known[len(folder) + 1 :]
        allowed = min((len(one) + 1) // 4, 3)
        if abs(len(one) - len(other)) <= allowed and len(one) <= _LONGEST:
            distance = count_slips(one, other)
            if distance <= allowed:
                near.setdefault(distance, []).append(known)
    best = near[min(near)] if near else []
    return f"did you mean {' or '.join(best)}?" if 0 < len(best) <= _MOST_MEANT else ""


def count_slips(word: str, meant: str) -> int:
    """Return how many slips of the fingers make one word of another: a letter more, less, another, or two exchanged.

    Args:
        word: What was typed.
        meant: What may have been meant.
    """
    before, row = [0] * (len(meant) + 1), list(range(len(meant) + 1))
    for i, letter in enumerate(word):
        above, before, row = before, row, [i + 1]
        for j, other in enumerate(meant):
            slips = min(before[j] + (letter != other), before[j + 1] + 1, row[j] + 1)
            if i and j and (letter, other) == (meant[j - 1], word[i - 1]):
                slips = min(slips, above[j - 1] + 1)
            row.append(slips)
    return row[-1]
