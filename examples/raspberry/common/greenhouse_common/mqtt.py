"""As much of MQTT 3.1.1 as a subscriber needs that may miss a message (QoS 0); the standard library is enough for it."""

import socket
import struct
from collections.abc import Iterator

_CONNECT, _CONNACK, _PUBLISH, _SUBSCRIBE, _PING = 0x10, 0x20, 0x30, 0x82, 0xC0
_KEEP_ALIVE, _MORE = 60, 0x80


def messages(host: str, port: int, topic: str, client: str) -> Iterator[tuple[str, bytes]]:
    """Yield the topics and payloads of the messages of a broker, for as long as it answers.

    Raises:
        OSError: It does not answer, or not any more.
    """
    with socket.create_connection((host, port), timeout=_KEEP_ALIVE / 2) as connection:
        hello = _text("MQTT") + bytes([4, 2]) + struct.pack(">H", _KEEP_ALIVE) + _text(client)
        connection.sendall(_packet(_CONNECT, hello))
        kind, said = _receive(connection)
        if kind != _CONNACK or said[1:2] != b"\0":
            raise ConnectionRefusedError(said)
        connection.sendall(_packet(_SUBSCRIBE, b"\0\1" + _text(topic) + b"\0"))
        while True:
            try:
                kind, said = _receive(connection)
            except TimeoutError:
                connection.sendall(_packet(_PING, b""))
                continue
            if kind & 0xF0 == _PUBLISH:
                end = 2 + int.from_bytes(said[:2])
                yield said[2:end].decode(), said[end:]


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">H", len(data)) + data


def _packet(kind: int, body: bytes) -> bytes:
    """Return a packet; none of ours is longer than 127 bytes."""
    return bytes([kind, len(body)]) + body


def _receive(connection: socket.socket) -> tuple[int, bytes]:
    kind, length, shift = _read(connection, 1)[0], 0, 0
    while True:
        byte = _read(connection, 1)[0]
        length |= (byte & ~_MORE) << shift
        shift += 7
        if not byte & _MORE:
            return kind, _read(connection, length)


def _read(connection: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        more = connection.recv(length - len(data))
        if not more:
            raise ConnectionResetError
        data += more
    return data
