"""Takes what sensors publish to the broker to the backend. It listens at no port."""

import json
import os
import time
from contextlib import closing
from http.client import HTTPConnection

from greenhouse_common.mqtt import messages
from greenhouse_common.readings import Reading, parse_reading

BROKER, PORT = os.environ.get("MQTT_HOST", "127.0.0.1"), int(os.environ.get("MQTT_PORT", "1883"))
BACKEND = os.environ.get("BACKEND", "127.0.0.1:8000")
PAUSE = 5.0


def send(reading: Reading) -> None:
    """Give a reading to the backend."""
    body = json.dumps(reading._asdict()).encode()
    with closing(HTTPConnection(BACKEND, timeout=10)) as connection:
        connection.request("POST", "/readings", body, {"Content-Type": "application/json"})
        connection.getresponse()


def main() -> None:
    """Go on for ever: a broker or a backend that is away comes back."""
    while True:
        try:
            for topic, payload in messages(BROKER, PORT, "greenhouse/#", "gateway"):
                try:
                    send(parse_reading(topic, payload))
                except (ValueError, OSError) as error:
                    print(f"{topic}: {error}", flush=True)
        except OSError as error:
            print(f"no broker at {BROKER}:{PORT}: {error!r}", flush=True)
        time.sleep(PAUSE)


if __name__ == "__main__":
    main()
