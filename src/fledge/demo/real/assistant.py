"""The assistant of the lamp shop on the demo's chat page, with its files and suggestions."""

from importlib.resources import files

from fledge.database import Database
from fledge.serve.people.identity import local_owner
from fledge.serve.web.assistants.knowledge import passages_of
from fledge.starter.shops.checked import lamp_shop_questions

NAME = "Vera of Glowworm"
DESCRIPTION = "The assistant of a lamp shop that the model was never trained on."
GREETING = "Hello, I'm Vera of Glowworm, the lamp shop in Ghent. How can I help?"
SUGGESTIONS = (
    "When are you open on Saturday?",
    "I'd like a bedside lamp and four bulbs. What does that come to?",
    "Can I return a lamp after three weeks?",
    "Which bulb fits a floor lamp?",
    "My lamp arrived broken and I want my money back!",
)
KNOWLEDGE = ("bulbs.md", "care.md")


def system_prompt() -> str:
    """Return all that the assistant is told."""
    return lamp_shop_questions()[0].conversation.messages[0].content


def create_assistant(database: Database, model: str) -> None:
    """Create the assistant for the person at this machine, unless there is one of its name.

    That one may have been changed, and keeps its model.
    """
    owner = local_owner(database).id
    if any(one.name == NAME for one in database.assistants.list(owner)):
        return
    assistant = database.assistants.create(
        owner,
        name=NAME,
        description=DESCRIPTION,
        system_prompt=system_prompt(),
        model=model,
        greeting=GREETING,
        suggestions=SUGGESTIONS,
        shared=True,
    )
    folder = files(__package__).joinpath("lamp_shop")
    for name in KNOWLEDGE:
        text = folder.joinpath(name).read_text(encoding="utf-8")
        database.knowledge.add(owner, assistant.id, name, passages_of(text))


def move_assistant(database: Database, before: str, after: str) -> None:
    """Let the assistant answer with another model, unless a person has chosen its model."""
    owner = local_owner(database).id
    for one in database.assistants.list(owner):
        if one.name == NAME and one.model == before:
            database.assistants.change(owner, one.id, model=after)
