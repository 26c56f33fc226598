"""Answers that an object works out once, whoever asks."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

Object = TypeVar("Object")
Answer = TypeVar("Answer")


def asked_once(method: Callable[[Object, str], Answer]) -> Callable[[Object, str], Answer]:
    """Return a method whose answer about a name is kept as long as its object."""
    place = f"_answers_of_{method.__name__}"

    @wraps(method)
    def ask(self: Object, name: str) -> Answer:
        answers: dict[str, Answer] = self.__dict__.setdefault(place, {})
        if name not in answers:
            answers[name] = method(self, name)
        return answers[name]

    return ask
