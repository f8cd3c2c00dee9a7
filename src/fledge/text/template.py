"""Chat templates as transformers has them: Jinja in a sandbox, with `{% generation %}` blocks."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from jinja2 import Template, TemplateError, meta, nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser

from fledge.errors import ConversationRefused, TokenizerError
from fledge.text.template_bounds import BoundedEnvironment, meter_filters, render_bounded

DEFAULT_TEMPLATE = """\
{%- for message in messages -%}
    {%- if message['role'] == 'assistant' -%}
        <|assistant|>
        {%- generation -%}
            {{- message['content'] -}} <|end|>
        {%- endgeneration -%}
    {%- elif message['role'] == 'system' -%}
        <|system|>{{- message['content'] -}}<|end|>
    {%- else -%}
        <|user|>{{- message['content'] -}}<|end|>
    {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
    <|assistant|>
{%- endif -%}
"""
"""Template of fledge: every turn is a role token, the text, and `<|end|>`; tools speak as users."""

# Unicode noncharacters: no text may interchange them, so none that reaches a template has them.
SPAN_START = "\ufdd0"
SPAN_END = "\ufdd1"
LONGEST_REASON = 500
"""Characters that are shown of an error, which may be a template's own."""

_TEMPLATE_FAULTS = (
    *(TemplateError, TypeError, ValueError, LookupError, ArithmeticError),
    *(AttributeError, RecursionError, MemoryError),
)


class GenerationBlock(Extension):
    """Block `{% generation %}…{% endgeneration %}`, which marks the assistant's text."""

    tags = {"generation"}  # noqa: RUF012  (jinja2 declares it as a plain set)

    def parse(self, parser: Parser) -> nodes.Node:
        """Parse the block, when Jinja comes to its tag."""
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("_marked"), [], [], body).set_lineno(line)

    def _marked(self, caller: Callable[[], str]) -> str:
        return SPAN_START + caller() + SPAN_END


def render_template(
    source: str,
    messages: Sequence[Mapping[str, object]],
    names: Mapping[str, str],
    generation_prompt: bool,
    tools: Sequence[Mapping[str, object]] = (),
) -> str:
    """Fill in a template; generation blocks stand between `SPAN_START` and `SPAN_END`.

    `tools` are definitions in OpenAI's form.

    Raises:
        TokenizerError: the template is wrong.
        ConversationRefused: it does not take these messages.
    """
    template = compile_template(source)
    values = {
        "messages": messages,
        "add_generation_prompt": generation_prompt,
        "tools": list(tools) or None,
        "documents": None,
        **names,
    }
    try:
        return render_bounded(template, values)
    except _TEMPLATE_FAULTS as error:
        roles = [str(message["role"]) for message in messages]
        raise ConversationRefused(roles, _brief(error)) from error


@lru_cache(maxsize=32)
def compile_template(source: str) -> Template:
    """Parse a template once.

    Raises:
        TokenizerError: it is not valid Jinja; the message gives the line.
    """
    try:
        return _environment().from_string(source)
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        raise TokenizerError(f"the chat template is wrong at line {line}: {error}") from error
    except (RecursionError, SyntaxError, MemoryError, ValueError, OverflowError) as error:
        raise TokenizerError(
            f"the chat template cannot be compiled: it is nested too deeply, or too long ({error})"
        ) from error


@lru_cache(maxsize=32)
def takes_tools(source: str) -> bool:
    """Return whether a valid template reads the variable `tools`."""
    environment = _environment()
    return "tools" in meta.find_undeclared_variables(environment.parse(source))


def take_spans(marked: str) -> tuple[str, list[tuple[int, int]]]:
    """Return the text without its marks, and the [start, end) characters that were marked."""
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    length = 0
    for index, stretch in enumerate(marked.split(SPAN_START)):
        inside, _, outside = stretch.partition(SPAN_END) if index else ("", "", stretch)
        if index:
            spans.append((length, length + len(inside)))
        pieces += [inside, outside]
        length += len(inside) + len(outside)
    return "".join(pieces), spans


def _brief(error: BaseException) -> str:
    text = str(error) or type(error).__name__
    return text if len(text) <= LONGEST_REASON else f"{text[:LONGEST_REASON]}…"


def _environment() -> BoundedEnvironment:
    environment = BoundedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[GenerationBlock, loopcontrols]
    )
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _raise_exception
    environment.globals["strftime_now"] = _strftime_now
    meter_filters(environment)
    return environment


def _to_json(
    value: object,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    # Jinja's own filter escapes HTML, which models were not trained on.
    return json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def _raise_exception(message: str) -> None:
    raise TemplateError(message)


def _strftime_now(form: str) -> str:
    return datetime.now().strftime(form)
