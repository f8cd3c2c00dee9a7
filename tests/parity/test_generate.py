"""Token for token what `transformers` generates, greedy and sampled."""

import pytest
import torch
from transformers import GPT2Config, LlamaConfig, Qwen3Config

from fledge.generate import Request, SamplingParams
from fledge.generate.engine import Engine
from parity import huggingface_models as parity

CONFIGS = {
    "gpt2": GPT2Config(
        vocab_size=parity.VOCABULARY,
        n_positions=64,
        n_embd=24,
        n_layer=2,
        n_head=4,
        eos_token_id=None,
        bos_token_id=None,
    ),
    "llama": LlamaConfig(**parity.SMALL | {"max_position_embeddings": 64}),
    "qwen3": Qwen3Config(**parity.SMALL | {"max_position_embeddings": 64}, head_dim=10),
}
PROMPT = (5, 17, 80, 3, 3, 41)
NEW = 40
OFF = {"top_k": 0, "top_p": 1.0, "temperature": 1.0}


@pytest.fixture(params=CONFIGS, ids=list(CONFIGS), scope="module")
def theirs(request):
    model = parity.theirs(CONFIGS[request.param])
    with torch.no_grad():  # sharper than at random, so that filters keep few tokens
        model.get_output_embeddings().weight *= 8
    return model


def their_ids(model, seed: int | None = None, **options) -> tuple[int, ...]:
    if seed is not None:
        torch.manual_seed(seed)
    prompt = torch.tensor([PROMPT])
    ids = model.generate(
        prompt,
        attention_mask=torch.ones_like(prompt),
        max_new_tokens=NEW,
        do_sample=seed is not None,
        **options,
    )
    return tuple(ids[0, len(PROMPT) :].tolist())


def our_ids(theirs, **sampling) -> tuple[int, ...]:
    params = SamplingParams(max_new_tokens=NEW, **sampling)
    engine = Engine(parity.ours(theirs), max_batch=1)
    return engine.generate([Request("a", PROMPT, params)])[0].ids


def test_greedy_ids_are_identical(theirs):
    assert our_ids(theirs, temperature=0) == their_ids(theirs)


@pytest.mark.parametrize(
    "options",
    [
        {"temperature": 1.0},
        {"temperature": 0.7},
        {"temperature": 1.3, "top_k": 5},
        {"temperature": 0.8, "top_k": 20, "top_p": 0.9},
        {"top_p": 0.5},
        {"temperature": 1.5, "min_p": 0.1},
        {"temperature": 0.9, "repetition_penalty": 1.4},
    ],
    ids=str,
)
def test_sampled_ids_are_identical(theirs, options):
    for seed in range(4):
        assert our_ids(theirs, seed=seed, **options) == their_ids(theirs, seed, **OFF | options)


def test_a_stop_id_ends_where_theirs_ends(theirs):
    stop = our_ids(theirs, temperature=0)[7]
    request = Request(
        "a", PROMPT, SamplingParams(temperature=0, max_new_tokens=NEW), frozenset({stop})
    )
    ours = Engine(parity.ours(theirs), max_batch=1).generate([request])[0]
    assert ours.ids == their_ids(theirs, eos_token_id=stop, pad_token_id=0)
    assert ours.finish_reason == "stop"
