import math

import pytest
import torch

from fledge.model.attention import record_attention
from fledge.model.positions import sinusoids
from fledge.model.transformer import Transformer
from fledge.model.transformer_config import TransformerConfig


def make(norm_position="post", **changes) -> Transformer:
    config = TransformerConfig(
        vocabulary_size=41,
        context_length=32,
        width=24,
        encoder_layers=2,
        decoder_layers=3,
        num_heads=4,
        feed_forward_width=40,
        dropout=0.0,
        norm_position=norm_position,
        pad_id=40,
        end_id=0,
        **changes,
    )
    model = Transformer(config)
    generator = torch.Generator().manual_seed(1)
    model.initialise(generator)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.05 * torch.randn(parameter.shape, generator=generator)
    return model.eval()


def sentences():
    source = torch.tensor([[5, 6, 7, 8, 0], [9, 3, 0, 40, 40]])
    inputs = torch.tensor([[40, 11, 12, 13], [40, 14, 15, 16]])
    return source, source != 40, inputs


def test_positions_follow_section_3_5():
    table = sinusoids(7, 6)
    assert table[3, 2].item() == pytest.approx(math.sin(3 / 10_000 ** (2 / 6)))
    assert table[3, 3].item() == pytest.approx(math.cos(3 / 10_000 ** (2 / 6)))


def test_halves_are_the_interleaved_numbers_in_another_order():
    table = sinusoids(9, 10)
    assert torch.equal(
        sinusoids(9, 10, "halves"), torch.cat([table[:, 0::2], table[:, 1::2]], dim=1)
    )


@pytest.mark.parametrize("norm_position", ["post", "pre"])
def test_decoding_step_by_step_equals_teacher_forcing(norm_position):
    model = make(norm_position)
    source, mask, inputs = sentences()
    whole = model(source, mask, inputs)
    state = model.start(model.encode(source, mask), mask)
    steps = torch.stack([model.step(column, state) for column in inputs.T], dim=1)
    torch.testing.assert_close(steps, whole, atol=1e-5, rtol=0)


def test_padding_of_the_source_changes_nothing():
    model = make()
    source, mask, inputs = sentences()
    alone = model(source[1:, :3], mask[1:, :3], inputs[1:])
    torch.testing.assert_close(model(source, mask, inputs)[1:], alone, atol=1e-5, rtol=0)


def test_a_target_is_not_seen_before_its_time():
    model = make()
    source, mask, inputs = sentences()
    changed = inputs.clone()
    changed[:, 2] = 20
    before, after = model(source, mask, inputs), model(source, mask, changed)
    assert torch.equal(before[:, :2], after[:, :2])
    assert not torch.equal(before[:, 2:], after[:, 2:])


def test_reordered_rows_go_on_as_the_rows_they_were():
    model = make()
    source, mask, inputs = sentences()
    state = model.start(model.encode(source, mask), mask)
    model.step(inputs[:, 0], state)
    state.reorder(torch.tensor([1, 1, 0]))
    moved = model.step(inputs[[1, 1, 0], 1], state)
    torch.testing.assert_close(moved, model(source, mask, inputs)[[1, 1, 0], 1], atol=1e-5, rtol=0)


@pytest.mark.parametrize("moves", [[[0, 0, 0, 1, 1, 1], [2, 0, 1, 5, 3, 3], [4, 3, 5]], [[1, 0]]])
def test_beams_of_a_source_go_on_as_texts_of_their_own(moves):
    """The beams share one copy of their source; sources leave and change places."""
    model = make()
    source, mask, inputs = sentences()
    state = model.start(model.encode(source, mask), mask)
    rows, texts = torch.arange(len(source)), inputs[:, :1]
    model.step(texts[:, 0], state)
    for number, move in enumerate(moves):
        chosen = torch.tensor(move)
        state.reorder(chosen)
        rows, texts = rows[chosen], texts[chosen]
        new = (torch.arange(len(rows)) + number) % 7
        texts = torch.cat([texts, new[:, None]], dim=1)
        logits = model.step(new, state)
        alone = model(source[rows], mask[rows], texts)[:, -1]
        torch.testing.assert_close(logits, alone, atol=1e-5, rtol=0)
    assert len(state.memory) == len(rows.unique())


def test_recorded_attention_is_that_of_figure_1():
    model = make()
    source, mask, inputs = sentences()
    plain = model(source, mask, inputs)
    with record_attention(model) as maps:
        recorded = model(source, mask, inputs)
    torch.testing.assert_close(recorded, plain, atol=1e-5, rtol=0)
    # Two encoder layers, then self- and cross-attention of three decoder layers.
    assert [tuple(weights.shape[2:]) for weights in maps] == [(5, 5)] * 2 + [(4, 4), (4, 5)] * 3
    cross = maps[3]
    torch.testing.assert_close(cross.sum(dim=-1), torch.ones(2, 4, 4))
    assert cross[1, :, :, 3:].abs().max() == 0


def test_post_norm_ends_every_layer_normalised():
    model = make()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name:
                parameter.fill_(1.0 if name.endswith("weight") else 0.0)
    source, mask, _ = sentences()
    memory = model.encode(source, mask)
    torch.testing.assert_close(memory.mean(dim=-1), torch.zeros(2, 5), atol=1e-5, rtol=0)
    torch.testing.assert_close(
        memory.var(dim=-1, correction=0), torch.ones(2, 5), atol=1e-3, rtol=0
    )


def test_pre_norm_normalises_what_a_sublayer_reads_and_not_the_sum():
    layer = make("pre").encoder[0]
    x = torch.randn(2, 5, 24, generator=torch.Generator().manual_seed(2))
    mask = torch.ones(2, 1, 1, 5, dtype=torch.bool)
    attention_norm, feed_forward_norm = (
        layer.self_attention_residual.norm,
        layer.feed_forward_residual.norm,
    )
    attended = x + layer.self_attention(attention_norm(x), mask)
    expected = attended + layer.feed_forward(feed_forward_norm(attended))
    torch.testing.assert_close(layer(x, mask), expected, atol=0, rtol=0)


@pytest.mark.parametrize("norm_position", ["post", "pre"])
def test_parameters_keep_the_names_that_saved_models_have(norm_position):
    names = [name for name in make(norm_position).state_dict() if name.startswith("decoder.0.")]
    parts = ["query", "key", "value", "output"]
    modules = [f"{kind}_attention.{part}" for kind in ("self", "cross") for part in parts]
    modules += ["feed_forward.up", "feed_forward.down"]
    modules += [f"{n}_residual.norm" for n in ("self_attention", "cross_attention", "feed_forward")]
    assert names == [f"decoder.0.{m}.{tensor}" for m in modules for tensor in ("weight", "bias")]


def test_two_ids_that_must_differ_are_refused():
    with pytest.raises(ValueError, match="two different ids"):
        TransformerConfig(vocabulary_size=10, pad_id=3, end_id=3)


def test_dropout_is_set_everywhere_and_in_the_settings():
    model = make()
    model.set_dropout(0.5)
    rates = {module.p for module in model.modules() if isinstance(module, torch.nn.Dropout)}
    assert rates == {0.5} and model.config.dropout == 0.5
