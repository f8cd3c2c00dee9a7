"""Export of all that the server keeps of a person, and its erasure."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import Response
from fastapi.routing import APIRouter
from pydantic import StringConstraints

from fledge.database import Conversation, Database
from fledge.feedback.label_work import Assignment
from fledge.serve.accounts.account import require_password
from fledge.serve.accounts.cookies import forget_session, go
from fledge.serve.accounts.credentials import Credentials
from fledge.serve.accounts.forms import Form, read
from fledge.serve.accounts.pages import page_router
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.people.retention import Retention
from fledge.serve.show.page import Pages


class EraseForm(Form):
    """Password that proves who asks; empty on a server without login."""

    password: Annotated[str, StringConstraints(max_length=1000, strip_whitespace=False)] = ""


def privacy_routes(
    identity: Identity,
    database: Database,
    credentials: Credentials,
    retention: Retention,
    clock: Callable[[], float],
    pages: Pages,
) -> APIRouter:
    """Make the routes of `/account/export`, `/account/erase-chats` and `/account/delete`."""
    router = page_router(pages)
    Visitor = Annotated[Person, Depends(identity.visitor)]  # noqa: N806 (a type)
    Erasing = Annotated[EraseForm, Depends(read(EraseForm))]  # noqa: N806 (a type)

    @router.get("/account/export")
    def export(person: Visitor) -> Response:
        """Return all that the server keeps of the person, as JSON in a zip file."""
        now = clock()
        name = f"fledge-{datetime.fromtimestamp(now, UTC):%Y-%m-%d}.zip"
        return Response(
            archive(database, person.id),
            media_type="application/zip",
            headers={"content-disposition": f'attachment; filename="{name}"'},
        )

    @router.post("/account/erase-chats")
    def erase_chats(request: Request, person: Visitor, form: Erasing) -> Response:
        """Erase every chat for good, with the opinions on its answers."""
        if identity.login:
            require_password(credentials, request, person, form.password)
        erased = database.conversations.delete_all(person.id)
        retention.forget(person.id)
        database.audit.add(person.id, "chats.erased", person.account.login, {"chats": erased})
        return go("/account?done=erased#privacy")

    if identity.login:

        @router.post("/account/delete")
        def delete_account(request: Request, person: Visitor, form: Erasing) -> Response:
            """Erase the person's account, and log the browser out."""
            require_password(credentials, request, person, form.password)
            retention.erase(person.id)
            database.audit.add(None, "account.deleted")
            response = go("/login")
            forget_session(request, response)
            return response

    return router


def archive(database: Database, account_id: str) -> bytes:
    """Return a zip file with all that is theirs, from the account to chats and labels.

    API keys are without their secrets.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:

        def write(name: str, value: object) -> None:
            file.writestr(name, json.dumps(value, ensure_ascii=False, indent=1))

        write("account.json", asdict(database.accounts.get(account_id)))
        write("api_keys.json", [asdict(key) for key in database.api_keys.every(account_id)])
        write("identities.json", [asdict(each) for each in database.identities.list(account_id)])
        write("sessions.json", [asdict(each) for each in database.sessions.list(account_id)])
        write("usage.json", [asdict(each) for each in database.usage.of(account_id, since="")])
        write("assistants.json", assistants_of(database, account_id))
        write("shares.json", [asdict(each) for each in database.shares.every(account_id)])
        write("folders.json", [asdict(each) for each in database.folders.list(account_id)])
        write(
            "prompts.json",
            [
                asdict(each)
                for each in database.prompts.list(account_id)
                if each.account_id == account_id
            ],
        )
        write("opinions.json", asdict(database.ratings.given(account_id)))
        write(
            "labelling.json", [labelled(each) for each in database.label_results.every(account_id)]
        )
        write("audit.json", [asdict(entry) for entry in database.audit.by(account_id)])
        for folder, deleted in (("chats", False), ("deleted-chats", True)):
            for chat in database.conversations.every(account_id, deleted=deleted):
                write(f"{folder}/{chat.id}.json", chat_of(database, chat, deleted))
    return buffer.getvalue()


def labelled(assignment: Assignment) -> dict[str, object]:
    """Return a task of the person as labeller, with letters as they saw them.

    Whether it was gold stays with the project, and the answers' ids, which may name their models.
    """
    kept = asdict(assignment) | {"judgement": assignment.in_letters()}
    hidden = ("is_gold", "gold_score", "slot", "shown")
    return {name: kept[name] for name in kept if name not in hidden}


def chat_of(database: Database, chat: Conversation, deleted: bool) -> dict[str, object]:
    """Return a chat with all its messages, and its hand-over to a person if there was one."""
    turns = database.messages.tree(chat.account_id, chat.id, deleted=deleted)
    hand_over = database.desk.of(chat.id)
    return {
        **asdict(chat),
        "messages": [asdict(turn) for turn in turns],
        "hand_over": None if hand_over is None else asdict(hand_over),
    }


def assistants_of(database: Database, account_id: str) -> list[dict[str, object]]:
    """Return the person's own assistants with their documents."""
    return [
        {
            **asdict(assistant),
            "documents": {
                name: [asdict(passage) for passage in passages]
                for name, passages in database.knowledge.texts(account_id, assistant.id).items()
            },
        }
        for assistant in database.assistants.list(account_id)
        if assistant.account_id == account_id
    ]
