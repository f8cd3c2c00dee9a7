from fledge.text.conversation import Conversation, Message


def conversation(text: str) -> Conversation:
    """`s`, `u`, `a`, `t` speak in turn, each its number."""
    roles = {"s": "system", "u": "user", "a": "assistant", "t": "tool"}
    return Conversation(tuple(Message(roles[c], str(i)) for i, c in enumerate(text)))


def contents(conversations: list[Conversation]) -> list[str]:
    return ["".join(message.content for message in one.messages) for one in conversations]


def test_the_oldest_turns_go_first_each_with_its_answer() -> None:
    assert contents(conversation("suauau").shorter()) == ["012345", "0345", "05"]


def test_what_belongs_to_a_question_goes_with_it() -> None:
    assert contents(conversation("uataua").shorter()) == ["012345", "45"]


def test_system_messages_stay_wherever_they_stand() -> None:
    assert contents(conversation("suasu").shorter()) == ["01234", "034"]


def test_a_greeting_by_the_assistant_is_a_turn() -> None:
    assert contents(conversation("aua").shorter()) == ["012", "12"]


def test_there_is_always_one() -> None:
    assert contents(Conversation(()).shorter()) == [""]
    assert contents(conversation("s").shorter()) == ["0"]
