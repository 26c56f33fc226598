"""Readings of sensors."""

import json
from typing import NamedTuple


class Reading(NamedTuple):
    """What a sensor has measured."""

    sensor: str
    value: float
    unit: str = "°C"


def parse_reading(topic: str, payload: bytes) -> Reading:
    """Return the reading that an MQTT message holds.

    Args:
        topic: The message's topic; its last part is the sensor.
        payload: A number, or an object with `value` and `unit`.

    Raises:
        ValueError: It holds none.
    """
    said, sensor = json.loads(payload), topic.rpartition("/")[2]
    if isinstance(said, dict) and "value" in said:
        return Reading(sensor, float(said["value"]), str(said.get("unit", "°C")))
    return Reading(sensor, float(said))
