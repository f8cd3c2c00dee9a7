"""`/api/folders`: a person's folders of chats."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import BaseModel, StringConstraints

from fledge.database import Database, Folder
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.web.shapes import Asked


class NewFolder(Asked):
    """Name of a folder to create or to rename."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class FolderShown(BaseModel):
    """Folder in the list; `chats` counts those that it lists."""

    id: str
    name: str
    chats: int
    created_at: float

    @classmethod
    def of(cls, folder: Folder, chats: int = 0) -> "FolderShown":
        """Convert a stored folder."""
        return cls(id=folder.id, name=folder.name, chats=chats, created_at=folder.created_at)


class FolderList(BaseModel):
    """All folders of a person, by name."""

    folders: list[FolderShown]


def folder_routes(identity: Identity, database: Database) -> APIRouter:
    """Make the routes; each person reaches only their own folders."""
    router = APIRouter(prefix="/api/folders", include_in_schema=False)
    Someone = Annotated[Person, Depends(identity.person)]  # noqa: N806 (a type)
    folders = database.folders

    @router.get("")
    def listing(person: Someone) -> FolderList:
        """Return every folder with the number of its chats."""
        chats = folders.chats(person.id)
        known = folders.list(person.id)
        return FolderList(folders=[FolderShown.of(each, chats.get(each.id, 0)) for each in known])

    @router.post("", status_code=201)
    def create(asked: NewFolder, person: Someone) -> FolderShown:
        """Create an empty folder."""
        return FolderShown.of(folders.create(person.id, asked.name))

    @router.patch("/{folder_id}")
    def rename(folder_id: str, asked: NewFolder, person: Someone) -> FolderShown:
        """Give a folder another name."""
        folder = folders.set_name(person.id, folder_id, asked.name)
        return FolderShown.of(folder, folders.chats(person.id).get(folder.id, 0))

    @router.delete("/{folder_id}", status_code=204)
    def remove(folder_id: str, person: Someone) -> Response:
        """Delete a folder; its chats stay."""
        folders.delete(person.id, folder_id)
        return Response(status_code=204)

    return router
