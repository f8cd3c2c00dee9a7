"""The lamp shop's assistant on the demo's chat page."""

from contextlib import closing

from fledge.database import open_database
from fledge.demo.real.assistant import NAME, SUGGESTIONS, create_assistant, system_prompt
from fledge.serve.people.identity import local_owner
from fledge.serve.web.assistants.knowledge import citations_for


def test_the_assistant_has_its_policies_files_and_suggestions(tmp_path):
    with closing(open_database(tmp_path / "chats.db")) as database:
        create_assistant(database, "ppo")
        owner = local_owner(database).id
        (one,) = database.assistants.list(owner)
        assert (one.name, one.model, one.suggestions) == (NAME, "ppo", SUGGESTIONS)
        assert one.system_prompt == system_prompt() and "85 euros" in one.system_prompt
        names = [document.name for document in database.knowledge.list(owner, one.id)]
        assert names == ["bulbs.md", "care.md"]
        cited = citations_for(database, owner, one.id, "Which bulb fits a floor lamp?", 8192)
        assert any("E27" in each.text for each in cited)


def test_a_second_start_keeps_what_was_changed(tmp_path):
    with closing(open_database(tmp_path / "chats.db")) as database:
        create_assistant(database, "ppo")
        owner = local_owner(database).id
        (one,) = database.assistants.list(owner)
        database.assistants.change(owner, one.id, greeting="Hi!", model="import")
        create_assistant(database, "ppo")
        kept = [(each.greeting, each.model) for each in database.assistants.list(owner)]
        assert kept == [("Hi!", "import")]
