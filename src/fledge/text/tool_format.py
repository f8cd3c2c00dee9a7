"""Ways in which chat templates teach models to call tools: the text around a name and arguments."""

from dataclasses import dataclass
from functools import lru_cache

from fledge.errors import TokenizerError
from fledge.text.template import DEFAULT_TEMPLATE
from fledge.text.tool_prompt import require_tools


@dataclass(frozen=True, slots=True)
class ToolFormat:
    """Text of calls: `opening`, name, `middle`, arguments as JSON, `closing`.

    `trigger` is the beginning of `opening` that no other text has; it may be a special token. Where
    it is ordinary text, it counts anywhere, or only at the beginning of a line. `start` stands
    before the first call, `between` between two, `end` after the last.
    """

    trigger: str
    opening: str
    middle: str = '", "arguments": '
    closing: str = "}"
    start: str = ""
    between: str = "\n"
    end: str = ""
    on_own_line: bool = False
    several: bool = True


JSON_LINES = ToolFormat(trigger='{"name": "', opening='{"name": "', on_own_line=True)
"""Format of our own template: a line of JSON for each call, as `sft` teaches it."""
HERMES = ToolFormat(
    trigger="<tool_call>", opening='<tool_call>\n{"name": "', closing="}\n</tool_call>"
)
"""Format of Hermes 2 Pro, Qwen2.5 and Qwen3."""
LLAMA = ToolFormat(
    trigger='{"name": "',
    opening='{"name": "',
    middle='", "parameters": ',
    on_own_line=True,
    several=False,
)
"""Format of Llama 3.1 and later: one call, which is the whole answer."""
MISTRAL_LIST = ToolFormat(
    trigger="[TOOL_CALLS]",
    start="[TOOL_CALLS] [",
    opening='{"name": "',
    between=", ",
    end="]",
)
"""Format of Mistral 7B v0.3 and later: a list of calls after a control token."""
MISTRAL_TIGHT = ToolFormat(
    trigger="[TOOL_CALLS]",
    start="[TOOL_CALLS][",
    opening='{"name": "',
    between=", ",
    end="]",
)
"""As `MISTRAL_LIST`, without the space."""
MISTRAL_ARGS = ToolFormat(
    trigger="[TOOL_CALLS]", opening="[TOOL_CALLS]", middle="[ARGS]", closing="", between=""
)
"""Format of Mistral Small 3.2 and later."""


@lru_cache(maxsize=32)
def tool_format(source: str) -> ToolFormat:
    """Return the way in which a template teaches calls.

    Raises:
        TokenizerError: it takes no tools, or writes calls in a way that is not read here.
    """
    require_tools(source)
    if source == DEFAULT_TEMPLATE:
        return JSON_LINES
    if "[TOOL_CALLS]" in source and "[CALL_ID]" not in source:
        if "[ARGS]" in source:
            return MISTRAL_ARGS
        return MISTRAL_LIST if "[TOOL_CALLS] [" in source else MISTRAL_TIGHT
    if "<tool_call>" in source and "<function=" not in source and "<arg_key>" not in source:
        return HERMES
    if '"parameters": ' in source and '{"name": ' in source:
        return LLAMA
    raise TokenizerError(
        "this model's chat template tells tools, but writes calls in a way that is not read here; "
        "known are those of Hermes, Qwen2.5, Qwen3, Llama 3 and Mistral. Leave `tools` out"
    )
