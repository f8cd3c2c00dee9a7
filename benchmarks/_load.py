"""Load of many people chatting at once: streaming requests over raw sockets, each event timed.

An HTTP library would cost as much time as the small models that it measures.
"""

import asyncio
import json
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Chat:
    """One streamed answer; `times` are the arrivals of its pieces, in seconds from the request."""

    user: int
    number: int
    text: str = ""
    times: list[float] = field(default_factory=list)
    tokens: int = 0
    ended: bool = False
    error: str = ""


async def ask(url: str, body: dict[str, object], chat: Chat) -> Chat:
    """Send one streaming chat request, and read the answer to its end; keep errors in `chat`."""
    address = urlsplit(url)
    payload = json.dumps({**body, "stream": True}).encode()
    start = time.perf_counter()
    try:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        head = (
            f"POST {address.path}/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
            "authorization: Bearer any\r\nconnection: close\r\n"
            f"content-type: application/json\r\ncontent-length: {len(payload)}\r\n\r\n"
        )
        writer.write(head.encode() + payload)
        status = (await reader.readline()).split(b" ")[1].decode()
        async for line in reader:
            if line.startswith(b"data: {"):
                take(json.loads(line[6:]), chat, time.perf_counter() - start)
        writer.close()
        chat.error = "" if status == "200" else f"status {status}"
    except (OSError, IndexError, ValueError) as error:
        chat.error = f"{type(error).__name__}: {error}"
    if not chat.error and not chat.ended:
        chat.error = "ended without a reason"
    return chat


def take(event: dict[str, object], chat: Chat, now: float) -> None:
    """Add one event of the stream to `chat`."""
    if "error" in event:
        chat.error = str(event["error"])
    usage = event.get("usage")
    if isinstance(usage, dict):
        chat.tokens = usage["completion_tokens"]
    for choice in event.get("choices") or []:
        piece = choice["delta"].get("content")
        if piece:
            chat.text += piece
            chat.times.append(now)
        chat.ended = chat.ended or choice.get("finish_reason") is not None


async def rounds(url: str, body_of, users: int, number: int) -> list[Chat]:
    """Run `number` chats of each user one after another, all users at once."""

    async def person(user: int) -> list[Chat]:
        return [await ask(url, body_of(user, n), Chat(user, n)) for n in range(number)]

    people = await asyncio.gather(*(person(user) for user in range(users)))
    return [chat for chats in people for chat in chats]


async def until(url: str, body_of, users: int, seconds: float) -> list[int]:
    """Count the pieces that each user gets within `seconds` while asking again and again."""
    got = [0] * users

    async def person(user: int) -> None:
        for number in range(1_000_000):
            chat = Chat(user, number)
            asking = asyncio.create_task(ask(url, body_of(user, number), chat))
            try:
                await asking
            finally:
                asking.cancel()
                got[user] += len(chat.times)

    people = [asyncio.create_task(person(user)) for user in range(users)]
    await asyncio.sleep(seconds)
    for each in people:
        each.cancel()
    await asyncio.gather(*people, return_exceptions=True)
    return got
