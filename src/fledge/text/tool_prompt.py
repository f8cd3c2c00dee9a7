"""Conversations as chat templates take them: messages, calls of tools, and the tools told."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from fledge.errors import TokenizerError
from fledge.text.conversation import Conversation, Message, ToolCall
from fledge.text.template import DEFAULT_TEMPLATE, takes_tools

Record = dict[str, Any]

MISTRAL_ID_LENGTH = 9
MOST_LEVELS = 100
"""Lists and objects in one another, up to which arguments are read; templates walk them."""


def json_line(value: object) -> str:
    """Return tools or a call as our own template writes them, in training and in chats.

    Raises:
        TypeError, ValueError: JSON has no spelling for a value.
    """
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def call_with_object(call: Mapping[str, object]) -> Mapping[str, object]:
    """Return a call with its arguments as an object, which OpenAI's API spells as a string."""
    arguments = call.get("arguments")
    if not isinstance(arguments, str):
        return call
    return {**call, "arguments": arguments_of(arguments)}


def tools_text(tools: str) -> str:
    """Return the system turn that tells tools, given as JSON."""
    return f"Tools: {tools}"


def require_tools(source: str) -> None:
    """Raise unless a template tells tools.

    Raises:
        TokenizerError: it does not.
    """
    if source != DEFAULT_TEMPLATE and not takes_tools(source):
        raise TokenizerError(
            "this model's chat template has no place for tools, so the model would not learn of "
            "them; leave `tools` out, or use a model whose template takes them"
        )


def template_input(conversation: Conversation, source: str) -> tuple[list[Record], list[Record]]:
    """Return the messages and the tools to fill into a template.

    A template that knows no calls gets each call as a line of JSON after the turn's text; our own
    gets the tools as a first system turn.

    Raises:
        TokenizerError: there are tools, and the template has no place for them.
    """
    shown = _native if "tool_calls" in source else _plain
    records = [shown(message, source) for message in conversation.messages]
    tools: list[Record] = [json.loads(tool.definition) for tool in conversation.tools]
    if not tools:
        return records, []
    require_tools(source)
    if source == DEFAULT_TEMPLATE:
        return [{"role": "system", "content": tools_text(json_line(tools))}, *records], []
    return records, tools


def mapped(value: Any, change: Callable[[str], str]) -> Any:
    """Return JSON with every string in it changed, keys included."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [mapped(each, change) for each in value]
    if isinstance(value, dict):
        return {change(key): mapped(each, change) for key, each in value.items()}
    return value


def strings(value: Any) -> list[str]:
    """Return every string in JSON, keys included."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [*value, *(text for each in value.values() for text in strings(each))]
    if isinstance(value, list):
        return [text for each in value for text in strings(each)]
    return []


def arguments_of(text: str) -> Record | str:
    """Return the JSON object that a call's arguments spell.

    Text that spells none stays as it is: it was cut off by a length limit, has a number that JSON
    does not have, or is nested too deep.
    """
    try:
        value = json.loads(text)
        if not isinstance(value, dict) or _levels(value) > MOST_LEVELS:
            return text
        json_line(value)
    except (ValueError, RecursionError):
        return text
    return value


def _levels(value: Any) -> int:
    """Return how deeply lists and objects stand in one another, up to one too many."""
    level: list[Any] = [value]
    levels = 0
    while level and levels <= MOST_LEVELS:
        inner = (one.values() if isinstance(one, dict) else one for one in level)
        level = [part for parts in inner for part in parts if isinstance(part, dict | list)]
        levels += 1
    return levels


def _plain(message: Message, _: str) -> Record:
    calls = [{"name": call.name, "arguments": call.arguments} for call in message.calls]
    lines = [json_line(call_with_object(call)) for call in calls]
    content = "\n".join([message.content, *lines] if message.content else lines)
    return {"role": message.role, "content": content if lines else message.content}


def _native(message: Message, source: str) -> Record:
    record: Record = {"role": message.role, "content": message.content}
    short = "[TOOL_CALLS]" in source
    if message.calls:
        record["tool_calls"] = [_native_call(call, short) for call in message.calls]
    if message.call_id:
        record["tool_call_id"] = _mistral_id(message.call_id) if short else message.call_id
    return record


def _native_call(call: ToolCall, short: bool) -> Record:
    return {
        "id": _mistral_id(call.id) if short else call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": arguments_of(call.arguments)},
    }


def _mistral_id(call_id: str) -> str:
    """Return an id as Mistral's templates demand it: 9 letters or digits."""
    if len(call_id) == MISTRAL_ID_LENGTH and call_id.isalnum():
        return call_id
    return hashlib.sha256(call_id.encode()).hexdigest()[:MISTRAL_ID_LENGTH]
