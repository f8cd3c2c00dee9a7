import pytest
import torch

from fledge.model.cache import KeyValueCache
from model.small_models import CONFIG, GPT2_LIKE, make, random_ids

both = pytest.mark.parametrize("config", [CONFIG, GPT2_LIKE], ids=["rotary", "learned"])


@both
@torch.inference_mode()
def test_cached_logits_equal_uncached(config):
    model, ids = make(config), random_ids()
    cache = KeyValueCache(config, rows=3, capacity=12)
    steps = [model(ids[:, :5], cache=cache), model(ids[:, 5:7], cache=cache)]
    steps += [model(ids[:, t : t + 1], cache=cache) for t in range(7, 12)]
    torch.testing.assert_close(torch.cat(steps, dim=1), model(ids), atol=1e-5, rtol=0)
    assert cache.lengths.tolist() == [12, 12, 12]


@both
@torch.inference_mode()
def test_rows_of_unequal_length_equal_each_alone(config):
    """Prompts of 3, 7 and 1 tokens, right-padded, then four steps together."""
    model, ids = make(config), random_ids()
    lengths = torch.tensor([3, 7, 1])
    cache = KeyValueCache(config, rows=3, capacity=12)
    model(ids[:, :7], cache=cache)
    cache.set_lengths(lengths)
    for step in range(4):
        new = ids.gather(1, (lengths + step)[:, None])
        logits = model(new, cache=cache)
        for row in range(3):
            alone = model(ids[row : row + 1, : int(lengths[row]) + step + 1])
            torch.testing.assert_close(logits[row, -1], alone[0, -1], atol=1e-5, rtol=0)


@torch.inference_mode()
def test_a_window_shares_the_memory():
    model, ids = make(), random_ids()
    cache = KeyValueCache(CONFIG, rows=5, capacity=30)
    model(ids[:, :6], cache=cache.window(3, 8))
    assert cache.lengths.tolist() == [6, 6, 6, 0, 0]
    assert not cache.is_empty
    logits = model(ids[:, 6:7], cache=cache.window(3, 8))
    torch.testing.assert_close(logits[:, 0], model(ids[:, :7])[:, -1], atol=1e-5, rtol=0)


@torch.inference_mode()
def test_a_text_placed_into_a_used_row_starts_afresh():
    model, ids = make(), random_ids()
    cache = KeyValueCache(CONFIG, rows=3, capacity=16)
    model(ids[:, :8], cache=cache)
    prompts = KeyValueCache(CONFIG, rows=2, capacity=4)
    model(ids[:2, :4], cache=prompts)
    prompts.set_lengths(torch.tensor([4, 2]))
    cache.place(prompts, torch.tensor([2, 0]))
    assert cache.lengths.tolist() == [2, 8, 4]
    new = torch.stack([ids[1, 2:3], ids[1, 8:9], ids[0, 4:5]])
    logits = model(new, cache=cache)[:, 0]
    expected = [model(ids[1:2, :3]), model(ids[1:2, :9]), model(ids[:1, :5])]
    for found, alone in zip(logits, expected, strict=True):
        torch.testing.assert_close(found, alone[0, -1], atol=1e-5, rtol=0)


@torch.inference_mode()
def test_a_row_set_to_length_0_can_be_reused():
    model, ids = make(), random_ids(2, 6)
    cache = KeyValueCache(CONFIG, rows=2, capacity=12)
    model(ids, cache=cache)
    cache.set_lengths(torch.tensor([6, 0]))
    logits = model(ids[:, :1], cache=cache)
    torch.testing.assert_close(logits[1], model(ids[1:, :1])[0], atol=1e-5, rtol=0)


@torch.inference_mode()
def test_a_fresh_window_of_a_used_cache_is_as_new():
    model, ids = make(), random_ids(2, 6)
    cache = KeyValueCache(CONFIG, rows=3, capacity=12)
    model(random_ids(3, 8).flip(1), cache=cache)
    window = cache.fresh_window(2, 10, first_row=1)
    assert window.is_empty and not cache.is_empty
    torch.testing.assert_close(model(ids, cache=window), model(ids), atol=1e-5, rtol=0)
    assert cache.lengths.tolist() == [8, 6, 6]


@torch.inference_mode()
def test_reordered_rows_go_on_with_anothers_text():
    model, ids = make(), random_ids()
    cache = KeyValueCache(CONFIG, rows=3, capacity=12)
    model(ids[:, :6], cache=cache)
    cache = cache.taken(torch.tensor([2, 2, 0]))
    logits = model(ids[:, 6:7], cache=cache)
    texts = torch.cat([ids[[2, 2, 0], :6], ids[:, 6:7]], dim=1)
    torch.testing.assert_close(logits[:, 0], model(texts)[:, -1], atol=1e-5, rtol=0)


@torch.inference_mode()
def test_left_padded_prompts_decode_with_a_mask_over_slots():
    """The way others pad: positions and mask are the caller's."""
    model, ids = make(GPT2_LIKE), random_ids(1, 8)
    cache = KeyValueCache(GPT2_LIKE, rows=1, capacity=10)
    padded = torch.cat([torch.zeros(1, 2, dtype=torch.long), ids[:, :7]], dim=1)
    slots = torch.arange(10)
    mask = ((slots >= 2) & (slots <= torch.arange(9)[:, None]))[None, None]
    positions = torch.tensor([[0, 0, 0, 1, 2, 3, 4, 5, 6]])
    model(padded, positions, mask, cache)
    step = model(ids[:, 7:], torch.tensor([[7]]), (slots >= 2)[None, None, None], cache)
    torch.testing.assert_close(step[:, 0], model(ids)[:, -1], atol=1e-5, rtol=0)


def test_a_cache_works_with_gradients_on():
    model, ids = make(), random_ids()
    cache = KeyValueCache(CONFIG, rows=3, capacity=12)
    steps = [model(ids[:, :5], cache=cache), model(ids[:, 5:], cache=cache)]
    torch.testing.assert_close(torch.cat(steps, dim=1), model(ids), atol=1e-5, rtol=0)


@torch.inference_mode()
def test_a_bf16_model_attends_in_the_format_of_its_cache():
    model, ids = make(noise=0.02), random_ids()
    exact = model(ids)[:, -1]
    model.to(torch.bfloat16)
    cache = KeyValueCache(CONFIG, rows=3, capacity=12)
    model(ids[:, :11], cache=cache)
    logits = model(ids[:, 11:], cache=cache)
    assert logits.dtype == torch.float32
    torch.testing.assert_close(logits[:, 0], exact, atol=0.02, rtol=0.05)


@torch.inference_mode()
def test_a_bf16_cache_is_close():
    model, ids = make(noise=0.02), random_ids()
    cache = KeyValueCache(CONFIG, rows=3, capacity=12, dtype=torch.bfloat16)
    model(ids[:, :11], cache=cache)
    logits = model(ids[:, 11:], cache=cache)
    torch.testing.assert_close(logits[:, 0], model(ids)[:, -1], atol=0.02, rtol=0.02)
