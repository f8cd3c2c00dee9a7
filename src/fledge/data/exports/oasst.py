"""Message trees of OpenAssistant (Köpf et al. 2023, arXiv:2304.07327), one tree a record."""

from collections.abc import Iterator
from itertools import groupby

from fledge.data.exports.shape import Fields, text_of
from fledge.data.records import Located, shown

ROLES = {"prompter": "user", "assistant": "assistant"}


def is_tree(fields: Fields) -> bool:
    """Return whether a record is a message tree."""
    return "message_tree_id" in fields and isinstance(fields.get("prompt"), dict)


def records_of_tree(record: Located) -> Iterator[Fields]:
    """Yield for each question a ranking of its ranked answers, and the best as demonstration.

    Deleted messages are left out, with all below them. The ranks are those of all labellers
    together, so no labeller is named.
    """
    root = record.take("prompt")
    assert isinstance(root, dict)
    yield from _below(record, root, [], set())


def _below(
    record: Located, node: Fields, before: list[Fields], seen: set[object]
) -> Iterator[Fields]:
    if node.get("deleted"):
        return
    turn = _turn(record, node, seen)
    path = [*before, turn]
    replies = node.get("replies") or []
    if not isinstance(replies, list) or not all(isinstance(reply, dict) for reply in replies):
        raise record.error('a list of messages in "replies"', shown(replies))
    if turn["role"] == "user":
        answers = [r for r in replies if r.get("role") == "assistant" and not r.get("deleted")]
        yield from _judged(record, node, path, answers)
    for reply in replies:
        yield from _below(record, reply, path, seen)


def _turn(record: Located, node: Fields, seen: set[object]) -> Fields:
    role, id_ = node.get("role"), node.get("message_id")
    if role not in ROLES:
        raise record.error(f"a role among {', '.join(ROLES)}", shown(role))
    if id_ is None or id_ in seen:
        found = "none" if id_ is None else f"{id_!r} for a second time"
        raise record.error('a "message_id" of its own in each message', found)
    seen.add(id_)
    return {"role": ROLES[str(role)], "content": text_of(record, "text", node.get("text"))}


def _judged(
    record: Located, question: Fields, path: list[Fields], answers: list[Fields]
) -> Iterator[Fields]:
    ranked = [answer for answer in answers if isinstance(answer.get("rank"), int | float)]
    ranked.sort(key=_rank)
    prompt_id = str(question["message_id"])
    if len(ranked) > 1:
        groups = [[str(one["message_id"]) for one in tied] for _, tied in groupby(ranked, _rank)]
        responses = [
            {
                "id": str(one.get("message_id")),
                "content": text_of(record, "text", one.get("text")),
                "model": one.get("model_name"),
            }
            for one in ranked
        ]
        yield {
            "prompt": path,
            "responses": responses,
            "ranking": groups,
            "prompt_id": prompt_id,
        }
    best = ranked[:1] or (answers if len(answers) == 1 else [])
    for answer in best:
        # Earlier answers are learned where they are the answer, once.
        context = [{**turn, "weight": 0} if turn["role"] == "assistant" else turn for turn in path]
        text = text_of(record, "text", answer.get("text"))
        messages = [*context, {"role": "assistant", "content": text}]
        yield {"messages": messages, "prompt_id": prompt_id}


def _rank(answer: Fields) -> float:
    rank = answer["rank"]
    assert isinstance(rank, int | float)
    return float(rank)
