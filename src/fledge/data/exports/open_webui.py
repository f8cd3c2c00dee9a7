"""Feedback that Open WebUI exports: thumbs and votes of the arena, with a snapshot of the chat."""

from collections.abc import Iterator

from fledge.data.exports.shape import Fields, known_fields, ranking_of, text_of
from fledge.data.records import Located, shown

THUMBS = {"1": 1, "-1": -1}


def is_feedback(fields: Fields) -> bool:
    """Return whether a record is feedback of Open WebUI."""
    data = fields.get("data")
    return (
        isinstance(data, dict) and "rating" in data and ("snapshot" in fields or "meta" in fields)
    )


def records_of_feedback(record: Located) -> Iterator[Fields]:
    """Yield a rating of 1 or -1, and a ranking if the vote was against other models' answers."""
    data, meta = _object(record, "data"), _object(record, "meta")
    if str(data.get("rating")) not in THUMBS:
        raise record.error("a rating 1 or -1", shown(data.get("rating")))
    thumb = THUMBS[str(data.get("rating"))]
    messages, system = _chat(record)
    rated = messages.get(str(meta.get("message_id")))
    if rated is None:
        found = f"message_id {shown(meta.get('message_id'))}, which it does not hold"
        raise record.error("the rated message in the snapshot of the chat", found)
    parent = rated.get("parentId")
    prompt = [*system, *_path(record, messages, parent)]
    told = known_fields(labeler=record.take("user_id"), prompt_id=parent)
    model = data.get("model_id") or rated.get("model")
    reason = data.get("reason")
    yield {
        "prompt": prompt,
        "response": text_of(record, "content", rated.get("content")),
        "rating": thumb,
        **known_fields(model=model, flags=[reason] if reason else None),
        **told,
    }
    rivals = data.get("sibling_model_ids") or []
    others = [
        other
        for other in messages.values()
        if other.get("parentId") == parent
        and other is not rated
        and other.get("role") == "assistant"
        and isinstance(rivals, list)
        and other.get("model") in rivals
        and other.get("content")
    ]
    if others:
        answers = {str(one["id"]): str(one["content"]) for one in (rated, *others)}
        groups = [[str(rated["id"])], [str(one["id"]) for one in others]]
        ranking = ranking_of(record, prompt, answers, groups[::thumb])
        models = {str(one["id"]): one.get("model") for one in others} | {str(rated["id"]): model}
        responses = [
            {"id": id_, "content": text, "model": models[id_]} for id_, text in answers.items()
        ]
        yield {**ranking, "responses": responses, **told}


def _chat(record: Located) -> tuple[dict[str, Fields], list[Fields]]:
    """Return the messages of the snapshot by id, and its system prompt as a turn, if it has one."""
    inner: object = _object(record, "snapshot")
    system: object = None
    for _ in range(3):
        if not isinstance(inner, dict):
            break
        params = inner.get("params")
        system = system or (params.get("system") if isinstance(params, dict) else None)
        history = inner.get("history")
        if isinstance(history, dict) and isinstance(history.get("messages"), dict):
            messages = {
                str(id_): {**message, "id": str(id_)}
                for id_, message in history["messages"].items()
                if isinstance(message, dict)
            }
            turn: Fields = {"role": "system", "content": system}
            return messages, [turn] if isinstance(system, str) and system else []
        inner = inner.get("chat")
    raise record.error("a snapshot with the messages of the chat", "none; export it with chats")


def _path(record: Located, messages: dict[str, Fields], id_: object) -> list[Fields]:
    """Return the turns from the first to message `id_`."""
    turns: list[Fields] = []
    while id_ is not None:
        message = messages.get(str(id_))
        if message is None or len(turns) > len(messages):
            raise record.error("every message before the rated one", f"none with id {id_!r}")
        turns.append({"role": message.get("role"), "content": message.get("content")})
        id_ = message.get("parentId")
    if not turns:
        raise record.error("a question before the rated message", "none")
    return turns[::-1]


def _object(record: Located, name: str) -> Fields:
    value = record.take(name)
    if not isinstance(value, dict):
        raise record.error(f"an object in {name!r}", shown(value))
    return value
