"""A stream of an upstream that is passed on: it ends with its reader, and is charged once."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from fledge.generate.upstream import UpstreamServer
from fledge.serve.models.remote import RelayedStream
from fledge.serve.people.admission import Admission


@pytest.mark.parametrize(
    ("chunk", "charged"), [({"choices": []}, 3), ({"usage": {"total_tokens": 16}}, 16)]
)
def test_a_reader_who_leaves_hangs_up_on_the_upstream_and_is_charged_once(
    chunk: dict[str, object], charged: int
) -> None:
    charges = list[int]()

    async def leave_after_three() -> None:
        hung_up = asyncio.Event()

        async def endless() -> AsyncIterator[bytes]:
            try:
                for _ in range(3):
                    yield f"data: {json.dumps(chunk)}\n\n".encode()
                await asyncio.Event().wait()
            finally:
                hung_up.set()

        def answer(_: httpx.Request) -> httpx.Response:
            return httpx.Response(200, content=endless())

        server = UpstreamServer("http://far/v1", transport=httpx.MockTransport(answer))
        with Admission({}, charges.append) as admission:
            relayed = RelayedStream(await server.stream("/completions", {}), admission)
        chunks = relayed.chunks()
        assert [await anext(chunks) for _ in range(3)] == [chunk] * 3
        assert not hung_up.is_set() and charges == []
        relayed.close()
        relayed.close()
        await asyncio.wait_for(hung_up.wait(), 10)
        await server.close()

    asyncio.run(leave_after_three())
    assert charges == [charged]
