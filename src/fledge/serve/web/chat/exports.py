"""Export chats: Markdown for people, JSON for programs, JSONL for training."""

import json
import re
import tempfile
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO, Annotated, Literal

from fastapi import APIRouter, Depends
from fastapi.responses import Response, StreamingResponse

from fledge.database import Conversation, Database, StoredMessage
from fledge.database.team_feedback import FILES, write_records
from fledge.feedback.records import Demonstration, Ranking
from fledge.serve.errors import ApiError
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.web.chat.asking import conversation_of

Format = Literal["markdown", "json", "sft"]

IN_MEMORY = 2**20
"""Bytes of an export of everybody's feedback that wait in memory; more wait on the disk."""
CHUNK = 2**16


def export_routes(identity: Identity, database: Database) -> APIRouter:
    """Make the routes of files to download: from one's own chats, or, for owners, the team's."""
    router = APIRouter(prefix="/api", include_in_schema=False)
    Someone = Annotated[Person, Depends(identity.person)]  # noqa: N806 (a type)

    @router.get("/conversations/{id}/export")
    def export(id: str, person: Someone, format: Format = "markdown") -> Response:
        """Return the shown branch, or with JSON the whole tree."""
        chat = database.conversations.readable(person.id, id)
        tree = database.messages.tree(person.id, id)
        write, suffix, media_type = FORMATS[format]
        if format == "json" and chat.folder_id is not None:
            text = as_json(chat, tree, database.folders.get(person.id, chat.folder_id).name)
        else:
            text = write(chat, tree)
        return attachment(text, file_name(chat.title, suffix), media_type)

    @router.get("/exports/comparisons.jsonl")
    def comparisons(person: Someone) -> Response:
        """Return every choice of one's own between two answers, as `fledge reward` reads it."""
        pairs = as_pairs(database.training_data.rankings(person.id))
        return attachment(lines(pairs), "comparisons.jsonl", "application/jsonl")

    @router.get("/exports/demonstrations.jsonl")
    def demonstrations(person: Someone) -> Response:
        """Return every answer that one wrote in place of a model's, as `fledge sft` reads it."""
        written = as_messages(database.training_data.demonstrations(person.id))
        return attachment(lines(written), "demonstrations.jsonl", "application/jsonl")

    @router.get("/exports/team/{name}")
    def team(name: str, person: Someone) -> Response:
        """Return the feedback of everybody who allows training, under pseudonyms."""
        person.require("manage_server")
        if name not in FILES:
            raise ApiError(404, f"There is {', '.join(FILES)}; not {name}.", code="not_found")
        file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 (the reply closes it)
        count = write_records(FILES[name](database.training_data), file)
        file.seek(0)
        database.audit.add(person.id, "feedback.exported", name, {"records": count})
        return StreamingResponse(
            _chunks(file),
            media_type="application/jsonl; charset=utf-8",
            headers={"content-disposition": f'attachment; filename="{name}"'},
        )

    return router


def as_markdown(chat: Conversation, tree: Sequence[StoredMessage]) -> str:
    """Return the shown branch as Markdown."""
    parts = [f"# {chat.title or 'Chat'}"]
    if chat.system_prompt:
        parts.append(f"> {chat.system_prompt}".replace("\n", "\n> "))
    for message in branch(chat, tree):
        who = "You" if message.role == "user" else message.model or "Assistant"
        parts.append(f"**{who}**\n\n{message.content}")
    return "\n\n".join(parts) + "\n"


def as_json(chat: Conversation, tree: Sequence[StoredMessage], folder: str | None = None) -> str:
    """Return all branches, the end of each answer, the settings, and the name of the folder."""
    kept = ("id", "parent_id", "role", "content", "model", "status", "finish_reason", "created_at")
    return json.dumps(
        {
            "title": chat.title,
            "folder": folder,
            "model": chat.model,
            "system_prompt": chat.system_prompt,
            "sampling": chat.sampling,
            "current_message_id": chat.current_message_id,
            "messages": [{name: getattr(message, name) for name in kept} for message in tree],
        },
        ensure_ascii=False,
        indent=1,
    )


def as_demonstration(chat: Conversation, tree: Sequence[StoredMessage]) -> str:
    """Return the shown branch up to its last answer, as one record that `fledge sft` reads."""
    record = demonstration(chat.system_prompt, branch(chat, tree))
    return lines([record] if record["messages"] else [])


FORMATS: dict[Format, tuple[Callable[[Conversation, Sequence[StoredMessage]], str], str, str]] = {
    "markdown": (as_markdown, "md", "text/markdown"),
    "json": (as_json, "json", "application/json"),
    "sft": (as_demonstration, "jsonl", "application/jsonl"),
}


def branch(chat: Conversation, tree: Sequence[StoredMessage]) -> list[StoredMessage]:
    """Return the messages from the first to the one that the person last looked at."""
    known = {message.id: message for message in tree}
    path: list[StoredMessage] = []
    at = chat.current_message_id
    while at is not None:
        path.append(known[at])
        at = known[at].parent_id
    return path[::-1]


def demonstration(system_prompt: str | None, path: Sequence[StoredMessage]) -> dict[str, object]:
    """Return the turns in OpenAI's form, up to the last answer."""
    turns = conversation_of(system_prompt, path).records()
    while turns and turns[-1]["role"] != "assistant":
        turns.pop()  # a chat without an answer leaves nothing
    return {"messages": turns}


def as_pairs(rankings: Iterable[Ranking]) -> Iterable[dict[str, object]]:
    """Yield every two answers of which one was better, as prompt, chosen and rejected turns."""
    for ranking in rankings:
        prompt = [turn.model_dump() for turn in ranking.prompt]
        for better, worse in ranking.pairs():
            yield {
                "prompt": prompt,
                "chosen": [{"role": "assistant", "content": better}],
                "rejected": [{"role": "assistant", "content": worse}],
            }


def as_messages(demonstrations: Iterable[Demonstration]) -> Iterable[dict[str, object]]:
    """Yield each as a conversation that ends with the person's own answer."""
    for each in demonstrations:
        turns = [turn.model_dump() for turn in each.prompt]
        yield {"messages": [*turns, {"role": "assistant", "content": each.response}]}


def lines(records: Iterable[object]) -> str:
    """Return JSON with one record a line."""
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK):
            yield chunk


def file_name(title: str, suffix: str) -> str:
    """Return a name that every file system takes: ASCII letters and digits of the title."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return f"{re.sub(r'[^A-Za-z0-9]+', '-', plain).strip('-').lower()[:60] or 'chat'}.{suffix}"


def attachment(text: str, name: str, media_type: str) -> Response:
    """Return a file that the browser saves and does not open."""
    return Response(
        text,
        media_type=f"{media_type}; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )
