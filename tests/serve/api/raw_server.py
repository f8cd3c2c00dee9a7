"""Another server on a real socket that sends bytes as a test wants them, and breaks as it wants."""

import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

RESET = object()
"""Ends a connection by a reset, as a killed process behind a proxy does."""
SILENCE = object()
"""Sends nothing until the client has left."""

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
ENDLESS = HEAD + b"connection: close\r\n\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"
LISTED = json.dumps({"data": [{"id": "tiny"}]}).encode()


@dataclass
class RawServer:
    """`script` is sent to every POST: bytes as they are, a number as a pause in seconds."""

    url: str
    script: list[object] = field(default_factory=list)
    asked: list[dict] = field(default_factory=list)

    def serve(self, connection: socket.socket) -> None:
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            head, _, body = read(connection).partition(b"\r\n\r\n")
            if head.startswith(b"GET"):
                length = f"content-length: {len(LISTED)}\r\n\r\n".encode()
                connection.sendall(b"HTTP/1.1 200 OK\r\n" + length + LISTED)
                return
            self.asked.append(json.loads(body))
            for part in self.script:
                if part is RESET:
                    linger = struct.pack("ii", 1, 0)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                elif part is SILENCE:
                    connection.settimeout(30)
                    connection.recv(1)
                elif isinstance(part, bytes):
                    connection.sendall(part)
                elif isinstance(part, float):
                    time.sleep(part)


def read(connection: socket.socket) -> bytes:
    """A whole request."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65_536)
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
    length = int(lengths[0].partition(b":")[2]) if lengths else 0
    while len(body) < length:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


@contextmanager
def raw_server() -> Iterator[RawServer]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = RawServer(f"http://127.0.0.1:{listener.getsockname()[1]}/v1")

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=server.serve, args=[connection], daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)
