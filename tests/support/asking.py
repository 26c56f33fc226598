"""What git runs as a hook: it has the warm process run the program in its place, with its streams, environment and folder.

It is run by itself and imports next to nothing, which is why it costs a tenth of starting the program anew.
"""

import _socket
import marshal
import os
import sys

ANEW = b"anew"
"""The answer where only a new Python would do."""

KILLED = 99


def ask(address: str, arguments: list[str]) -> bytes:
    """Ask for a run of the hook.

    Args:
        address: Where the warm process listens.
        arguments: The hook's own.
    """
    os.umask(umask := os.umask(0))
    asked = marshal.dumps((os.getcwdb(), [os.fsencode(one) for one in arguments], dict(os.environb), umask))
    streams = b"".join(stream.to_bytes(4, sys.byteorder) for stream in (0, 1, 2))
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    connection.connect(b"\0" + address.encode())
    connection.sendmsg([len(asked).to_bytes(4, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
    connection.sendall(asked)
    answer = b""
    while more := connection.recv(16):
        answer += more
    return answer


def main(address: str, program: str, *arguments: str) -> None:
    """Run the hook, and end as it ends.

    Args:
        address: Where the warm process listens.
        program: What a new Python would execute.
        arguments: The hook's own.
    """
    answer = ask(address, [*arguments])
    if answer == ANEW:
        os.execv(sys.executable, [sys.executable, "-c", program, *arguments])  # noqa: S606 - it takes its place
    sys.exit(answer[0] if answer else KILLED)


if __name__ == "__main__":
    main(*sys.argv[1:])
