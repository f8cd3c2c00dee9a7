"""Requests that are sent half: their connections end, and those of others do not."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from fastapi.testclient import TestClient

from fledge.serve import create_app
from fledge.serve.http import body_checks, connections
from fledge.serve.launch import server_config
from fledge.text.tokenizer import Tokenizer
from serving import ScriptedEngine, served

HEAD = b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
BODY = b'{"prompt":"tide"}'


@pytest.fixture(scope="module")
def address(tiny_tokenizer: Tokenizer) -> Iterator[tuple[str, int]]:
    """A server with short limits: 0.4 s for a head or between parts of a body, 1 s for a body."""
    patch = pytest.MonkeyPatch()
    patch.setattr(connections, "HEAD_SECONDS", 0.4)
    patch.setattr(body_checks, "SILENT_SECONDS", 0.4)
    patch.setattr(body_checks, "BODY_SECONDS", 1.0)
    model = served(ScriptedEngine(tiny_tokenizer, "The moon."), tiny_tokenizer)
    server = uvicorn.Server(server_config(create_app([model])))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.02)
        yield listener.getsockname()
        server.should_exit = True
        thread.join(20)
    patch.undo()


def sent(address: tuple[str, int], parts: list[bytes], pause: float = 0.0) -> bytes:
    """What the server answers until it closes the connection."""
    with socket.create_connection(address, timeout=10) as client:
        try:
            for part in parts:
                client.sendall(part)
                time.sleep(pause)
        except (BrokenPipeError, ConnectionResetError):
            pass
        answer = b""
        while True:
            try:
                more = client.recv(65_536)
            except ConnectionResetError:
                return answer
            if not more:
                return answer
            answer += more


WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY


@pytest.mark.parametrize("parts", [[], [b"GET / HT"], [HEAD], [bytes([each]) for each in HEAD]])
def test_a_head_that_does_not_come_ends_the_connection(
    address: tuple[str, int], parts: list[bytes]
) -> None:
    began = time.monotonic()
    assert sent(address, parts, 0.05 if len(parts) > 1 else 0.0) == b""
    assert time.monotonic() - began < 8


def test_a_second_request_has_as_much_time_as_the_first(address: tuple[str, int]) -> None:
    answer = sent(address, [WHOLE, HEAD])
    assert answer.count(b"HTTP/1.1 200") == 1
    answer = sent(address, [WHOLE, WHOLE, WHOLE[:30], WHOLE[30:]], 0.2)
    assert answer.count(b"HTTP/1.1 200") == 3


@pytest.mark.parametrize("pause", [0.6, 0.3])
def test_a_body_that_does_not_come_is_a_408(address: tuple[str, int], pause: float) -> None:
    head = HEAD + b"Content-Length: 100\r\n\r\n"
    answer = sent(address, [head, *[b"x"] * 8], pause)
    assert answer.startswith(b"HTTP/1.1 408") and b"request_timeout" in answer
    assert b"connection: close" in answer.lower()


def test_a_chunk_that_lies_about_its_length_ends_in_an_error(address: tuple[str, int]) -> None:
    head = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    assert sent(address, [head + b"zz\r\n"]).startswith(b"HTTP/1.1 4")
    assert sent(address, [head + b"ff\r\n" + BODY]).startswith(b"HTTP/1.1 408")
    both = HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert sent(address, [both + b"11\r\n" + BODY + b"\r\n0\r\n\r\n"])[:9] == b"HTTP/1.1 "


def test_others_are_answered_while_hundreds_send_half(address: tuple[str, int]) -> None:
    halves = [socket.create_connection(address) for _ in range(200)]
    for half in halves:
        half.sendall(HEAD)
    assert sent(address, [WHOLE, b"GET"]).startswith(b"HTTP/1.1 200")
    for half in halves:
        half.settimeout(10)
        assert half.recv(1) == b""
        half.close()


def test_bodies_that_arrive_have_a_size_together(
    tiny_tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body_checks, "MOST_HELD_BYTES", 10)
    model = served(ScriptedEngine(tiny_tokenizer, "The moon."), tiny_tokenizer)
    with TestClient(create_app([model]), "http://localhost") as client:
        for body, status in (("{}", 400), ('{"prompt":"tide"}', 503), ("{}", 400)):
            reply = client.post("/tokenize", content=body)
            assert reply.status_code == status
