"""Prompts read by the compiled code, against torch."""

import copy

import pytest
import torch

from fledge.generate import Request, SamplingParams
from fledge.generate.engine import Engine
from fledge.generate.native_decoder import PIECE
from fledge.model.cache import KeyValueCache
from fledge.model.eight_bit import round_to_eight_bits
from fledge.native.library import find_compiler
from model.small_models import make
from native.decoding import CONFIGS, WIDE, decoder_of

pytestmark = pytest.mark.skipif(find_compiler() is None, reason="needs a C++ compiler")
LENGTHS = [5, 150, 1, 129, 64, 33]
"""More than one piece in all, and texts that lie in two."""


def prompts_of(lengths: list[int]) -> list[tuple[int, ...]]:
    generator = torch.Generator().manual_seed(4)
    vocabulary = WIDE.vocabulary_size
    return [
        tuple(torch.randint(vocabulary, (length,), generator=generator).tolist())
        for length in lengths
    ]


def window(rows: int, capacity: int = 200) -> KeyValueCache:
    whole = KeyValueCache(WIDE, rows + 2, capacity + 20)
    return whole.fresh_window(rows, capacity, first_row=1)


def read(model, prompts, cache=None) -> torch.Tensor:
    cache = cache or window(len(prompts))
    return decoder_of(model).read(prompts, cache).clone()


@torch.no_grad()
def by_torch(model, prompt: tuple[int, ...]) -> torch.Tensor:
    return model(torch.tensor([prompt]))[0, -1]


@pytest.mark.parametrize("name", CONFIGS)
def test_prompts_in_float32_get_the_logits_that_torch_gives(name) -> None:
    assert sum(LENGTHS) > PIECE
    model, prompts = make(CONFIGS[name]), prompts_of(LENGTHS)
    whole = KeyValueCache(CONFIGS[name], len(prompts), 200)
    found = read(model, prompts, whole)
    expected = torch.stack([by_torch(model, prompt) for prompt in prompts])
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    assert whole.lengths.tolist() == LENGTHS and not whole.is_empty


@pytest.mark.parametrize("is_rounded", [False, True], ids=["bfloat16", "8 bits"])
def test_prompts_in_fewer_bits_are_as_near_to_float32_as_torchs(is_rounded) -> None:
    model, prompts = make(WIDE).bfloat16(), prompts_of(LENGTHS)
    exact_model = copy.deepcopy(model).float()
    if is_rounded:
        round_to_eight_bits(model)
        round_to_eight_bits(exact_model)
    exact = torch.stack([by_torch(exact_model, prompt) for prompt in prompts])
    of_torch = torch.stack([by_torch(model, prompt) for prompt in prompts])
    distance = (read(model, prompts) - exact).square().mean()
    assert 0 < distance <= 1.2 * (of_torch - exact).square().mean()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_a_prompt_gets_the_same_bits_alone_as_in_company(dtype) -> None:
    model, prompts = make(WIDE).to(dtype), prompts_of(LENGTHS)
    alone = torch.cat([read(model, [prompt]) for prompt in prompts])
    assert torch.equal(read(model, prompts), alone)


def test_a_prompt_read_in_two_goes_on_where_it_stopped() -> None:
    model, (prompt,) = make(WIDE), prompts_of([170])
    cache = window(1)
    read(model, [prompt[:70]], cache)
    torch.testing.assert_close(
        read(model, [prompt[70:]], cache), by_torch(model, prompt)[None], rtol=1e-4, atol=1e-4
    )


def test_an_answer_is_the_same_bits_whatever_it_shares_the_engine_with() -> None:
    model = make(WIDE, noise=0.2).bfloat16()
    requests = [
        Request(str(index), prompt, SamplingParams(seed=index, max_new_tokens=9 + 7 * index))
        for index, prompt in enumerate(prompts_of(LENGTHS))
    ]
    together = Engine(model, max_batch=4).generate(requests)
    alone = [Engine(model, max_batch=1).generate([request])[0] for request in requests]
    assert together == alone
