"""Conversations as ids and loss mask: one function for training and for serving.

Special tokens come from the template alone. The text between two of them, the template's and the
messages' together, is encoded as one run, so ids equal those of transformers' `apply_chat_template`
wherever the contents spell no special token.
"""

import re
from bisect import bisect_left
from dataclasses import dataclass, replace

from fledge.errors import ConversationRefused, PromptTooLong, TokenizerError
from fledge.text.conversation import Conversation, Message, RenderedChat, Role
from fledge.text.shield import Shield, seam_places, spelled_places
from fledge.text.template import DEFAULT_TEMPLATE, compile_template, render_template, take_spans
from fledge.text.tokenizer import Tokenizer
from fledge.text.tool_prompt import mapped, strings, template_input

__all__ = ["DEFAULT_TEMPLATE", "ChatTemplate"]

_PROBE = "\U0010fffd" * 8
_GENERATION_TAG = re.compile(r"\{%[-+]?\s*generation\b")


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """A Jinja chat template; `{% generation %}` marks what the assistant writes.

    In a template without marks, an answer is found by rendering the conversation up to it, and
    ends with the first stop token.

    Raises:
        TokenizerError: the source is not valid Jinja.
    """

    source: str = DEFAULT_TEMPLATE

    def __post_init__(self) -> None:
        compile_template(self.source)

    @classmethod
    def of(cls, tokenizer: Tokenizer) -> "ChatTemplate":
        """Return the template that a tokenizer was saved with, or fledge's own."""
        return cls(tokenizer.chat_template or DEFAULT_TEMPLATE)

    def check(self, tokenizer: Tokenizer) -> None:
        """Raise unless the tokenizer has the tokens that fledge's own template writes.

        Raises:
            TokenizerError: they are missing: a base model was never taught to answer.
        """
        if self.source == DEFAULT_TEMPLATE and tokenizer.special.assistant is None:
            raise TokenizerError(
                "expected a chat template, or fledge's chat tokens <|user|>, <|assistant|> and so "
                "on; found neither: this is a base model, which only goes on with a text, as "
                "`fledge generate --raw` has it. To let it answer, import it again by "
                "`fledge import … --chat-tokens` (in Python Tokenizer.with_chat_tokens() and a "
                "larger embedding) and train it by `fledge sft`"
            )

    def render(
        self, conversation: Conversation, tokenizer: Tokenizer, *, generation_prompt: bool = False
    ) -> RenderedChat:
        """Return ids and loss mask of a conversation.

        A generation prompt opens the next answer; such a prompt is not trained on, so its mask is
        False throughout. The mask is also False on answers that are not `learned`. Contents never
        give a special id. Only the template's text is encoded, so no second beginning of text is
        added.

        Raises:
            ConversationRefused: the template does not take the conversation.
            TokenizerError: the template needs tokens that the tokenizer lacks.
        """
        self.check(tokenizer)
        rendering = self._rendering(conversation, tokenizer, generation_prompt)
        if generation_prompt:
            return _encode(rendering, tokenizer, [])
        chat = _encode(rendering, tokenizer, self._spans(rendering, conversation, tokenizer))
        return replace(chat, left_out=rendering.left_out(conversation))

    def ids(
        self, conversation: Conversation, tokenizer: Tokenizer, *, generation_prompt: bool
    ) -> list[int]:
        """Return the ids that `render` gives, without looking for what the assistant wrote.

        In a template without marks that search takes time with the square of the turns.
        """
        self.check(tokenizer)
        rendering = self._rendering(conversation, tokenizer, generation_prompt)
        return _encode(rendering, tokenizer, []).ids

    def fit(self, conversation: Conversation, tokenizer: Tokenizer, limit: int) -> RenderedChat:
        """Return the prompt for the next answer, without the oldest whole turns that do not fit.

        `limit` counts the tokens of the prompt, the header of the answer included; leave the room
        for the answer out of it. System messages stay, and so does the newest turn.

        Raises:
            PromptTooLong: even the system messages and the newest turn do not fit.
        """
        shorter = conversation.shorter()

        def fits(part: Conversation) -> bool:
            return self._prompt_length(part, tokenizer) <= limit

        # From the newest turn backwards: the work is bounded by what fits, not by what was sent.
        kept, too_many = 0, 1
        while too_many <= len(shorter) and fits(shorter[-too_many]):
            kept, too_many = too_many, 2 * too_many
        if kept == 0:
            raise PromptTooLong(self._prompt_length(shorter[-1], tokenizer), limit)
        between = shorter[max(0, len(shorter) - too_many) : len(shorter) - kept]
        longer = bisect_left(between, True, key=fits)
        found = between[longer] if longer < len(between) else shorter[-kept]
        return self.render(found, tokenizer, generation_prompt=True)

    def _prompt_length(self, conversation: Conversation, tokenizer: Tokenizer) -> int:
        return len(self.ids(conversation, tokenizer, generation_prompt=True))

    def _rendering(
        self, conversation: Conversation, tokenizer: Tokenizer, generation_prompt: bool
    ) -> "_Rendering":
        records, tools = template_input(conversation, self.source)
        contents = [str(record["content"]) for record in records]
        shield = Shield([*strings([records, tools]), self.source], tokenizer.special_texts)
        spelled = [spelled_places(content, shield.special) for content in contents]
        seams = [seam_places(content, shield.special) for content in contents]

        def cover(text: str) -> str:
            return shield.cover(text, spelled_places(text, shield.special))

        guarded = [
            {"role": record.pop("role"), "content": record.pop("content"), **mapped(record, cover)}
            for record in records
        ]

        def filled(places: list[set[int]]) -> _Rendering:
            messages = [
                {**record, "content": shield.cover(content, covered)}
                for record, content, covered in zip(guarded, contents, places, strict=True)
            ]
            marked = render_template(
                self.source, messages, tokenizer.names, generation_prompt, mapped(tools, cover)
            )
            return _Rendering(*take_spans(marked), shield)

        rendering = filled(spelled)
        if not any(seams):
            return rendering
        # Covering seams may change the rendering of a content, so cover them only where needed.
        strict = filled([a | b for a, b in zip(spelled, seams, strict=True)])
        safe = _special_ids(rendering, tokenizer) == _special_ids(strict, tokenizer)
        return rendering if safe else strict

    def _spans(
        self, rendering: "_Rendering", conversation: Conversation, tokenizer: Tokenizer
    ) -> list[tuple[int, int]]:
        """Return the [start, end) characters of the answers to learn."""
        messages = conversation.messages
        answers = [i for i, m in enumerate(messages) if m.role == "assistant"]
        learned = [i for i in answers if messages[i].learned]
        if not _GENERATION_TAG.search(self.source):
            return [self._answer_span(rendering, conversation, i, tokenizer) for i in learned]
        spans = rendering.spans
        if len(learned) == len(answers):
            return spans
        if len(spans) != len(answers):
            raise _refused(
                conversation,
                f"it marks {len(spans)} places for {len(answers)} answers, so those that are not "
                "to be learned cannot be told apart",
            )
        return [span for i, span in zip(answers, spans, strict=True) if messages[i].learned]

    def _answer_span(
        self, whole: "_Rendering", conversation: Conversation, index: int, tokenizer: Tokenizer
    ) -> tuple[int, int]:
        start = self._answer_start(whole, conversation, index, tokenizer)
        position = start
        for piece, special_id in tokenizer.split_special(whole.text[start:]):
            position += len(piece)
            if special_id in tokenizer.stop_ids:
                return start, position
        return start, self._end_of(
            whole, conversation.with_messages(conversation.messages[: index + 1]), tokenizer
        )

    def _answer_start(
        self, whole: "_Rendering", conversation: Conversation, index: int, tokenizer: Tokenizer
    ) -> int:
        messages = conversation.messages
        before = conversation.with_messages(messages[:index])
        try:
            prompt = self._rendering(before, tokenizer, generation_prompt=True)
        except ConversationRefused as error:
            reason = f"it cannot open the answer in message {index + 1}: {error.reason}"
            raise _refused(conversation, reason) from error
        if prompt.begins(whole, len(prompt.text)):
            return len(prompt.text)
        # Some templates open a thought that the finished turn does not show: look for the content.
        probe = (*messages[:index], Message("assistant", _PROBE), *messages[index + 1 :])
        probed = self._rendering(
            conversation.with_messages(probe), tokenizer, generation_prompt=False
        )
        start = probed.text.find(_PROBE)
        if start >= 0 and probed.begins(whole, start):
            return start
        raise _refused(
            conversation,
            f"it writes message {index + 1} differently once it has been "
            "answered, so what the assistant wrote cannot be told from the prompt; put "
            "{% generation %} and {% endgeneration %} around the answer in the template",
        )

    def _end_of(self, whole: "_Rendering", answered: Conversation, tokenizer: Tokenizer) -> int:
        """Return the end of a turn without a stop token: the end of the conversation up to it."""
        upto = self._rendering(answered, tokenizer, generation_prompt=False)
        return min(len(upto.text), len(whole.text))


@dataclass(frozen=True, slots=True)
class _Rendering:
    """A rendered template: its text with shielded contents, and the spans it marked."""

    text: str
    spans: list[tuple[int, int]]
    shield: Shield

    def begins(self, whole: "_Rendering", length: int) -> bool:
        """Return whether the first `length` characters are those of `whole`, contents uncovered."""
        start, expected = self.text[:length], whole.text[:length]
        return self.shield.uncover(start) == whole.shield.uncover(expected)

    def left_out(self, conversation: Conversation) -> tuple[Role, ...]:
        """Return the role of each message whose content, spaces around it aside, is not there."""
        text = self.shield.uncover(self.text)
        roles, place = [], 0
        for message in conversation.messages:
            content = message.content.strip()
            found = text.find(content, place)
            if found >= 0:
                place = found + len(content)
            elif content not in text:
                roles.append(message.role)
        return tuple(roles)


def _refused(conversation: Conversation, reason: str) -> ConversationRefused:
    return ConversationRefused([message.role for message in conversation.messages], reason)


def _special_ids(rendering: _Rendering, tokenizer: Tokenizer) -> list[int]:
    pieces = tokenizer.split_special(rendering.text)
    return [special_id for _, special_id in pieces if special_id is not None]


def _encode(
    rendering: _Rendering, tokenizer: Tokenizer, spans: list[tuple[int, int]]
) -> RenderedChat:
    """Encode run by run; a token is trained on if any of its characters is in a span."""
    trained = bytearray(len(rendering.text) + 1)
    for start, end in spans:
        trained[start:end] = b"\x01" * (end - start)
    ids: list[int] = []
    loss_mask: list[bool] = []
    position = 0
    for piece, special_id in tokenizer.split_special(rendering.text):
        if special_id is None:
            text = rendering.shield.uncover(piece)
            run, offsets = tokenizer.encode_with_offsets(text, begins=position == 0)
        else:
            run, offsets = [special_id], [(0, len(piece))]
            # A mark that stops short of the end of the turn would never teach the model to stop.
            if special_id in tokenizer.stop_ids and position and trained[position - 1]:
                trained[position : position + len(piece)] = b"\x01" * len(piece)
        ids += run
        loss_mask += [
            trained.find(1, position + start, position + max(end, start + 1)) >= 0
            for start, end in offsets
        ]
        position += len(piece)
    return RenderedChat(ids, loss_mask)
