"""Records of every preference format, read as rankings of their answers."""

from pydantic import ValidationError

from fledge.data.marks import refuse_weightless
from fledge.data.messages import refuse_media, turn_from
from fledge.data.records import Located
from fledge.data.told import optional_number, optional_text, optional_truth
from fledge.data.turns import dialogue, prompt_field, prompt_turns, text_in, turns_in
from fledge.data.unread import is_nothing
from fledge.feedback.records import ChatTurn, Ranking, Response
from fledge.text.conversation import Message

Turns = tuple[Message, ...]

_FIELDS = frozenset(Ranking.model_fields)
_RESPONSE_FIELDS = frozenset(Response.model_fields)

PAIR_FIELDS = ("chosen", "rejected")
LABELLED_FIELDS = ("response 1", "response 2", "label")
KWAY_FIELDS = ("prompt", "responses", "ranking")

_FORMATS = (KWAY_FIELDS, ("prompt", *PAIR_FIELDS), PAIR_FIELDS, ("prompt", *LABELLED_FIELDS))


def ranking_from(record: Located) -> Ranking:
    """Read a record as a ranking; identical answers are a tie.

    Raises:
        RecordError: the fields belong to no known format, or hold something else, or somebody
            marked the ranking as not to be learned.
    """
    refuse_weightless(record)
    return ranked(record)


def ranked(record: Located) -> Ranking:
    """Read a record as a ranking, even one that is not to be learned."""
    fields = record.present()
    refuse_media(record, fields)
    if all(name in fields for name in KWAY_FIELDS):
        return _kway(record)
    if all(name in fields for name in PAIR_FIELDS):
        return _pair(record)
    if all(name in fields for name in LABELLED_FIELDS):
        return _labelled(record)
    known = "; ".join(" + ".join(names) for names in _FORMATS)
    wanted = dict.fromkeys(name for names in _FORMATS for name in names if name not in fields)
    raise record.error(f"one of the formats: {known}", record.describe(*wanted))


def _kway(record: Located) -> Ranking:
    """Read our own format, in which the prompt may also be a string."""
    prompt = [{"role": turn.role, "content": turn.content} for turn in prompt_turns(record)]
    record.read.update(_FIELDS)
    _pass_over(record)
    try:
        return Ranking.model_validate({**record.present(), "prompt": prompt})
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"])) or "the record"
        raise record.error(f"a ranking; {where} is wrong", problem["msg"]) from error


def _pair(record: Located) -> Ranking:
    """Read `chosen` and `rejected`: answers, or whole dialogues that share their beginning."""
    prompt = prompt_turns(record)
    chosen = _whole(record, "chosen", prompt)
    rejected = _whole(record, "rejected", prompt)
    shared = _shared_prompt(record, chosen, rejected)
    if not chosen[shared].learned:
        found = "one that is marked not to be learned"
        raise record.error("a better answer in 'chosen'", found)
    better, worse = chosen[shared].content, rejected[shared].content
    tied = better == worse
    answers = (_answer(record, "chosen", better), _answer(record, "rejected", worse))
    return _ranking(record, chosen[:shared], answers, tied)


def _labelled(record: Located) -> Ranking:
    """Read Auto-J's test set (Li et al. 2023, arXiv:2310.05470): label 0, 1, or 2 for a tie."""
    answers = {"1": text_in(record, "response 1"), "2": text_in(record, "response 2")}
    label = text_in(record, "label").strip().removesuffix(".0")
    if label not in ("0", "1", "2"):
        raise record.error("a label 0 (first is better), 1 (second) or 2 (tie)", label)
    if not prompt_field(record):
        raise record.error("a prompt", record.describe("prompt"))
    tied = label == "2" or answers["1"] == answers["2"]
    order = ("2", "1") if label == "1" else ("1", "2")
    responses = tuple(Response(id=id_, content=answers[id_]) for id_ in order)
    return _ranking(record, prompt_turns(record), responses, tied)


def _whole(record: Located, name: str, prompt: Turns) -> Turns:
    """Join prompt and answer, where the field `name` holds the answer alone or both."""
    value = record.take(name)
    if isinstance(value, dict):
        return (*prompt, turn_from(record, name, value))
    if isinstance(value, list | tuple):
        turns = turns_in(record, name)
        # A list with a turn of the user repeats the prompt.
        return turns if any(turn.role == "user" for turn in turns) else prompt + turns
    text = text_in(record, name)
    return (*prompt, Message("assistant", text)) if prompt else dialogue(record, text)


def _shared_prompt(record: Located, chosen: Turns, rejected: Turns) -> int:
    """Count the turns of the prompt: those that both share before their answers differ.

    Some pairs of HH-RLHF differ for several turns. Only the first answers that differ were given to
    the same prompt, so the turns after them are left out.
    """
    longest = min(len(chosen), len(rejected)) - 1
    parts = (i for i in range(longest) if _said(chosen[i]) != _said(rejected[i]))
    shared = next(parts, longest)
    both_answer = shared > 0 and chosen[shared].role == rejected[shared].role == "assistant"
    if not both_answer:
        ends = f"they part at turn {shared + 1}, which is not an answer to a shared prompt"
        raise record.error("two answers of the assistant to the same prompt", ends)
    return shared


def _said(turn: Message) -> tuple[str, str]:
    """Return what two dialogues can share: a turn without its marks."""
    return turn.role, turn.content


def _pass_over(record: Located) -> None:
    """Note the fields of ranked answers that nobody reads."""
    responses = record.value.get("responses")
    for response in responses if isinstance(responses, list | tuple) else ():
        if isinstance(response, dict):
            others = response.keys() - _RESPONSE_FIELDS
            record.passed_over.update(
                f"responses[].{name}" for name in others if not is_nothing(response[name])
            )


def _answer(record: Located, name: str, content: str) -> Response:
    """Return the answer of the field `name`; its model may stand in a field beside it."""
    return Response(id=name, content=content, model=optional_text(record, f"{name}_model"))


def _ranking(record: Located, prompt: Turns, answers: tuple[Response, ...], tied: bool) -> Ranking:
    """Rank `answers`, best first, or all in one group."""
    ids = tuple(answer.id for answer in answers)
    return Ranking(
        prompt=tuple(ChatTurn(role=turn.role, content=turn.content) for turn in prompt),
        responses=answers,
        ranking=(ids,) if tied else tuple((id_,) for id_ in ids),
        labeler=optional_text(record, "labeler"),
        prompt_id=optional_text(record, "prompt_id"),
        guideline=optional_text(record, "guideline"),
        seconds=optional_number(record, "seconds"),
        consent=optional_truth(record, "consent"),
    )
