"""Chat templates of well-known models, as trl ships them: our ids and masks are transformers'."""

import importlib.util
import json
import random
import re
from pathlib import Path

import pytest
from tokenizers import AddedToken
from transformers import AutoTokenizer

from fledge.text.chat import ChatTemplate
from fledge.text.conversation import Conversation, Message
from fledge.text.tokenizer import Tokenizer
from text.corpora import CORPORA
from text.foreign import byte_level

TEMPLATES = Path(importlib.util.find_spec("trl").origin).parent / "chat_templates"
NAMES = ["llama3", "llama3_training", "qwen2_5", "qwen3", "qwen3_training", "gemma", "phi3"]
NAMES += ["deepseekv3", "deepseekv3_training", "glm4moe", "cohere2_training"]
CONTROL = re.compile(r"<[|｜][^<>|'\"\n ]{1,30}[|｜]>|<(?:start|end)_of_turn>")
ENDS = ["<|im_end|>", "<|eot_id|>", "<end_of_turn>", "<|end|>", "<|END_OF_TURN_TOKEN|>"]
ENDS += ["<｜end▁of▁sentence｜>", "<|endoftext|>"]
# No emoji: transformers' mask forgets the last bytes of a span that ends in one.
PIECES = ["hello", " there", "\n", "  ", "12", "?", "the hen", "<", "a", "user", "</think>"]


@pytest.fixture(params=NAMES)
def both(request, tmp_path):
    source = (TEMPLATES / f"{request.param}.jinja").read_text(encoding="utf-8")
    control = sorted({*CONTROL.findall(source), "<|endoftext|>"})
    tokenizer = byte_level(CORPORA.values(), control)
    tokenizer.add_tokens([AddedToken(text, special=False) for text in ("<think>", "</think>")])
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    end = next(text for text in ENDS if text in control)
    names = {"eos_token": end, "bos_token": "<|endoftext|>", "pad_token": "<|endoftext|>"}
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "chat_template": source, **names}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return Tokenizer.load(tmp_path), AutoTokenizer.from_pretrained(tmp_path)


def random_chat(generator):
    def text():
        return "".join(generator.choices(PIECES, k=generator.randint(1, 5)))

    turns = []
    for _ in range(generator.randint(1, 3)):
        turns += [Message("user", text()), Message("assistant", text())]
    return Conversation(tuple(turns))


def test_ids_and_masks_equal_transformers(both):
    ours, theirs = both
    template = ChatTemplate.of(ours)
    marked = "generation %}" in template.source
    generator = random.Random(0)
    for _ in range(20):
        conversation = random_chat(generator)
        expected = theirs.apply_chat_template(
            [{"role": m.role, "content": m.content} for m in conversation.messages],
            return_dict=True,
            return_assistant_tokens_mask=marked,
        )
        rendered = template.render(conversation, ours)
        assert rendered.ids == expected["input_ids"]
        assert any(rendered.loss_mask)
        if marked:
            assert rendered.loss_mask == [bool(mask) for mask in expected["assistant_masks"]]


def test_answers_are_found_without_marks(both):
    ours, _ = both
    template = ChatTemplate.of(ours)
    conversation = Conversation(
        (Message("user", "one?"), Message("assistant", "hello"), Message("user", "two?"))
    )
    rendered = template.render(conversation, ours)
    trained = [i for i, counts in zip(rendered.ids, rendered.loss_mask, strict=True) if counts]
    assert "hello" in ours.decode(trained)
    assert "one" not in ours.decode(trained)
    assert "two" not in ours.decode(trained)
    # GLM has no end of turn: the next speaker's token ends the answer.
    if ours.special.end != ours.special.end_of_text:
        assert ours.special.end in trained
