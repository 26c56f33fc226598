"""Stores readings, and shows the last one of each sensor."""

from pathlib import Path

from fastapi import FastAPI
from greenhouse_common.readings import Reading
from greenhouse_common.store import add_reading, latest_readings
from pydantic import BaseModel

FILE = Path(__file__).with_name("data") / "readings.db"
VERSION = "1"

app = FastAPI(title="greenhouse")


class Measured(BaseModel):
    """A reading, as it arrives."""

    sensor: str
    value: float
    unit: str = "°C"


@app.get("/health")
def health() -> dict[str, object]:
    """Say that readings can be read; a release that cannot is undone."""
    return {"version": VERSION, "sensors": len(latest_readings(FILE))}


@app.get("/readings")
def readings() -> list[Measured]:
    """Return the last reading of each sensor."""
    return [Measured(**one._asdict()) for one in latest_readings(FILE)]


@app.post("/readings", status_code=201)
def add(measured: Measured) -> None:
    """Store a reading."""
    add_reading(FILE, Reading(measured.sensor, measured.value, measured.unit))
