import sys

import pytest
import torch

from fledge.config import parse_section
from fledge.errors import ConfigError
from fledge.model.gpt import GPT
from fledge.model.lora import (
    LoRAConfig,
    adapt,
    matrices,
    trained_state,
    without_adapters,
)
from model.small_models import CONFIG, GPT2_LIKE, make, random_ids


def adapted(model: GPT, seed: int = 0, **settings: object) -> GPT:
    """With B off its zeros."""
    adapt(model, LoRAConfig(rank=3, alpha=6.0, **settings), torch.Generator().manual_seed(seed))
    generator = torch.Generator().manual_seed(seed + 1)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter += torch.randn(parameter.shape, generator=generator) * 0.1
    return model


@pytest.mark.parametrize("config", [CONFIG, GPT2_LIKE], ids=["Qwen3", "GPT-2"])
@torch.no_grad()
def test_an_adapter_begins_as_the_base_bit_for_bit(config) -> None:
    model, ids = make(config), random_ids()
    before, weights = model(ids), {name: w.clone() for name, w in model.state_dict().items()}
    adapt(model, LoRAConfig(), torch.Generator().manual_seed(0))
    assert torch.equal(model(ids), before)
    after = model.state_dict()
    for name, weight in weights.items():
        kept = after[
            name
            if name in after
            else name.replace(".weight", ".base_layer.weight").replace(".bias", ".base_layer.bias")
        ]
        assert torch.equal(kept, weight), name


@torch.no_grad()
def test_each_matrix_gains_alpha_over_r_times_b_a() -> None:
    model, plain, ids = adapted(make()), make(), random_ids()
    state = plain.state_dict()
    for name, pair in matrices(model).items():
        assert pair.a.shape[0] == pair.b.shape[1] == 3
        state[f"{name}.weight"] += 2.0 * pair.b @ pair.a
    plain.load_state_dict(state)
    torch.testing.assert_close(model(ids), plain(ids), atol=1e-5, rtol=0)


@torch.no_grad()
def test_without_its_adapters_a_model_is_its_base() -> None:
    base, ids = make(), random_ids()
    model = adapted(make())
    with_them = model(ids)
    assert not torch.allclose(with_them, base(ids), atol=1e-2)
    with without_adapters(model):
        assert torch.equal(model(ids), base(ids))
    assert torch.equal(model(ids), with_them)
    with pytest.raises(KeyError), without_adapters(model):
        raise KeyError
    assert torch.equal(model(ids), with_them)


def test_only_adapters_are_trained() -> None:
    model = adapted(make())
    with without_adapters(model):
        assert not model(random_ids()).requires_grad
    model(random_ids()).logsumexp(dim=-1).sum().backward()
    with_gradient = {name for name, p in model.named_parameters() if p.grad is not None}
    assert with_gradient == trained_state(model).keys()
    assert all(".lora_A." in name or ".lora_B." in name for name in with_gradient)
    assert len(with_gradient) == 2 * 2 * 4  # A and B, layers, matrices


@pytest.mark.parametrize("config", [CONFIG, GPT2_LIKE], ids=["Qwen3", "GPT-2"])
def test_targets_choose_the_matrices(config) -> None:
    model = adapted(make(config), targets=("output", "down"))
    assert matrices(model).keys() == {
        f"blocks.{layer}.{name}"
        for layer in range(2)
        for name in ("attention.output", "feed_forward.down")
    }
    up = matrices(adapted(make(config), targets=("up",)))
    assert len(up) == 2 and all("up" in name for name in up)


def test_the_same_seed_gives_the_same_adapter() -> None:
    one, same, other = (matrices(adapted(make(), seed=seed)) for seed in (0, 0, 1))
    name = "blocks.1.attention.output"
    assert torch.equal(one[name].a, same[name].a)
    assert not torch.equal(one[name].a, other[name].a)
    assert one[name].a.abs().max() <= 1 / one[name].a.shape[1] ** 0.5


def test_frozen_matrices_in_the_format_of_the_products_give_the_same_numbers() -> None:
    ids, losses, gradients = random_ids(), [], []
    for frozen in (None, torch.bfloat16):
        model = make()
        adapt(model, LoRAConfig(rank=3), torch.Generator().manual_seed(0), frozen)
        with torch.autocast("cpu", torch.bfloat16):
            loss = model(ids).logsumexp(dim=-1).sum()
        loss.backward()
        losses.append(loss.detach())
        gradients.append([p.grad for p in model.parameters() if p.requires_grad])
    assert torch.equal(*losses)
    assert all(torch.equal(a, b) for a, b in zip(*gradients, strict=True))
    kinds = {name: p.dtype for name, p in model.named_parameters()}
    assert kinds["blocks.0.attention.output.base_layer.weight"] == torch.bfloat16
    assert kinds["token_embedding.weight"] == torch.float32
    assert kinds["blocks.0.attention.output.lora_A.default.weight"] == torch.float32


def test_a_whole_model_has_no_adapters_and_trains_all_of_itself() -> None:
    model = make()
    assert matrices(model) == {}
    assert trained_state(model).keys() == model.state_dict().keys()
    assert matrices(adapted(make())) != {}


def test_without_peft_the_error_says_how_to_get_it(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(ConfigError, match=r"pip install 'fledge\[lora\]'"):
        adapt(make(), LoRAConfig(), torch.Generator())


@pytest.mark.parametrize(
    "values", [{"rank": 0}, {"alpha": 0}, {"dropout": 1.0}, {"targets": []}, {"targets": ["q"]}]
)
def test_settings_out_of_range_are_refused(values) -> None:
    with pytest.raises(ConfigError, match="lora"):
        parse_section(values, LoRAConfig, source="lora")
