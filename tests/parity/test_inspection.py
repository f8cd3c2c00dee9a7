"""Attention, ablation and patching equal to `transformers` with hooks written by hand."""

import pytest
import torch
from transformers import GPT2Config, LlamaConfig, Qwen2Config, Qwen3Config

from fledge.checkpoint.model_files import LoadedModel
from fledge.inspect.attention import cross_attention, self_attention
from fledge.inspect.heads.anatomy import open_head
from fledge.inspect.layers.ablation import removed
from fledge.inspect.layers.capture import Site
from fledge.inspect.layers.patching import patch
from fledge.inspect.reading import reading_of
from fledge.text.chat import ChatTemplate
from parity import huggingface_models as parity
from parity import test_marian as marian

GPT2 = {"vocab_size": 97, "n_positions": 48, "n_embd": 28, "n_layer": 2, "n_head": 4}
NO_IDS = {"bos_token_id": None, "eos_token_id": None, "pad_token_id": None}
CONFIGS = {
    "gpt2": GPT2Config(**GPT2, **NO_IDS),
    "llama": LlamaConfig(**parity.SMALL),
    "qwen2": Qwen2Config(**parity.SMALL),
    "qwen3": Qwen3Config(**parity.SMALL, head_dim=10),
}


@pytest.fixture(params=CONFIGS, ids=list(CONFIGS))
def model(request):
    theirs = parity.theirs(CONFIGS[request.param])
    theirs.set_attn_implementation("eager")
    return theirs


def loaded(theirs) -> LoadedModel:
    return LoadedModel(parity.ours(theirs), parity.tokenizer(), ChatTemplate())


@torch.no_grad()
def test_recorded_attention_equals_eager_attention(model):
    ids = parity.random_ids(rows=1)
    expected = torch.cat(model(ids, output_attentions=True).attentions)
    found = self_attention(parity.ours(model), ids[0])
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


@torch.no_grad()
def test_recorded_cross_attention_equals_that_of_marian(tmp_path):
    theirs = marian.theirs()
    theirs.set_attn_implementation("eager")
    theirs.save_pretrained(tmp_path)
    source, _, inputs, _ = marian.pairs()
    output = theirs(input_ids=source[:1], decoder_input_ids=inputs[:1], output_attentions=True)
    found = cross_attention(marian.read(tmp_path), source[0], inputs[0])
    torch.testing.assert_close(found, torch.cat(output.cross_attentions), atol=1e-5, rtol=0)


def parts(theirs, layer):
    """The layer, its attention, the attention's output matrix, and its feed-forward."""
    if theirs.config.model_type == "gpt2":
        block = theirs.transformer.h[layer]
        return block, block.attn, block.attn.c_proj, block.mlp
    block = theirs.model.layers[layer]
    return block, block.self_attn, block.self_attn.o_proj, block.mlp


@pytest.mark.parametrize("by", ["zero", "mean"])
@torch.no_grad()
def test_a_removed_head_equals_a_slice_that_a_hook_replaces(model, by):
    ours, ids = loaded(model), parity.random_ids(rows=1)
    _, _, output, _ = parts(model, 1)
    width = ours.model.config.head_width

    def hook(module, inputs):
        heads = inputs[0].clone()
        part = heads[..., 2 * width : 3 * width]
        part.copy_(torch.zeros_like(part) if by == "zero" else part.mean(1, keepdim=True))
        return (heads,)

    handle = output.register_forward_pre_hook(hook)
    expected = model(ids).logits
    handle.remove()
    with removed(ours.model, reading_of(ours, ids[0].tolist()), [Site(2, "head", 3)], by):
        found = ours.model(ids)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(ours.model(ids), model(ids).logits, atol=1e-5, rtol=0)
    assert (found - ours.model(ids)).abs().max() > 1e-3


@torch.no_grad()
def test_a_removed_layer_passes_its_input_on(model):
    ours, ids = loaded(model), parity.random_ids(rows=1)
    block, *_ = parts(model, 0)

    def skip(module, inputs, output):
        return (inputs[0], *output[1:]) if isinstance(output, tuple) else inputs[0]

    handle = block.register_forward_hook(skip)
    expected = model(ids).logits
    handle.remove()
    with removed(ours.model, reading_of(ours, ids[0].tolist()), [Site(1)], "zero"):
        torch.testing.assert_close(ours.model(ids), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("stream", ["residual", "attention", "feed_forward"])
@torch.no_grad()
def test_a_patch_equals_an_activation_that_a_hook_exchanges(model, stream):
    ours, ids = loaded(model), parity.random_ids(rows=2)
    clean, corrupted = (reading_of(ours, row.tolist()) for row in ids)
    block, attention, _, feed_forward = parts(model, 1)
    module = {"residual": block, "attention": attention, "feed_forward": feed_forward}[stream]
    kept = []

    def before(module, inputs):
        kept.append(inputs[0])
        if len(kept) == 2:
            return (exchanged(inputs[0]), *inputs[1:])

    def after(module, inputs, output):
        first = output[0] if isinstance(output, tuple) else output
        kept.append(first)
        if len(kept) == 2:
            return (exchanged(first), *output[1:]) if first is not output else exchanged(first)

    def exchanged(values):
        return torch.cat([values[:, :4], kept[0][:, 4:5], values[:, 5:]], dim=1)

    if stream == "residual":
        handle = module.register_forward_pre_hook(before)
    else:
        handle = module.register_forward_hook(after)
    model(ids[:1])
    logits = model(ids[1:]).logits[0, -1]
    handle.remove()
    found = patch(ours, clean, corrupted, stream, answer=3, other=8)
    expected = float(logits[3] - logits[8])
    assert float(found.differences[1, 4]) == pytest.approx(expected, abs=1e-5)
    unchanged = model(ids).logits[:, -1, 3] - model(ids).logits[:, -1, 8]
    assert [found.clean, found.corrupted] == pytest.approx(unchanged.tolist(), abs=1e-5)
    if stream == "residual":
        assert float(found.effects[0, -1]) != pytest.approx(1)


@torch.no_grad()
def test_a_head_put_together_from_its_parts_is_the_recorded_one(model):
    ours, ids = loaded(model), parity.random_ids(rows=1)
    reading = reading_of(ours, ids[0].tolist())
    _, attention, output, _ = parts(model, 1)
    kept = []
    handle = attention.register_forward_hook(lambda module, inputs, out: kept.append(out[0]))
    maps = model(ids, output_attentions=True).attentions[1][0]
    handle.remove()
    found = [open_head(ours, reading, 2, head, position=7) for head in (1, 2, 3, 4)]
    for head, one in enumerate(found):
        torch.testing.assert_close(one.weights, maps[head, 6, :7], atol=1e-5, rtol=0)
        torch.testing.assert_close(one.keys @ one.query, one.products)
    total = sum(one.output for one in found)
    bias = 0 if output.bias is None else output.bias
    torch.testing.assert_close(total + bias, kept[0][0, 6], atol=1e-5, rtol=0)
    assert len(found[0].table().rows) == 7
    turned = not torch.allclose(found[0].query, found[0].plain_query, atol=1e-3)
    assert turned == (model.config.model_type != "gpt2")
