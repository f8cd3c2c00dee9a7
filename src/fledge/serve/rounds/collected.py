"""Feedback that people gave on this server, as a file of records for a round."""

import json
from collections.abc import Iterator, Sequence

from fledge.database import Database
from fledge.database.team_feedback import team_demonstrations, team_rankings
from fledge.feedback.label_records import FORMATS, Format, records_of


def collected(database: Database, projects: Sequence[str], *, chats: bool) -> bytes:
    """Return judgements of projects and feedback from chats, one record a line.

    People who object to training are left out, and the others have pseudonyms.
    """
    lines = [line for each in projects for line in judged(database, each)]
    if chats:
        lines += said(database)
    return "".join(f"{line}\n" for line in lines).encode("utf-8")


def judged(database: Database, project_id: str) -> Iterator[str]:
    """Yield the judgements of a project; single answers that were rated have no order."""
    project = database.label_projects.get(project_id)
    format: Format = "demonstrations" if "demonstrations" in FORMATS[project.kind] else "rankings"
    for each in database.label_results.judgements(project.id):
        for record in records_of(each, project, format):
            yield json.dumps(record, ensure_ascii=False)


def said(database: Database) -> Iterator[str]:
    """Yield orders of answers from preferences and thumbs, and answers that people wrote."""
    for ranking in team_rankings(database.training_data):
        yield ranking.model_dump_json(exclude_none=True)
    for written in team_demonstrations(database.training_data):
        yield written.model_dump_json(exclude_none=True)
