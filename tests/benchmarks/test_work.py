import pytest
import torch
from _work import (
    decoded_bytes,
    matrices,
    output,
    packed_step,
    ppo_iteration,
    training_step,
    translation_bytes,
    translation_step,
    trunk,
    weight_bytes,
)
from torch.utils.flop_counter import FlopCounterMode

from fledge.model.attention import scaled_dot_product
from fledge.model.config import GPTConfig
from fledge.model.gpt import GPT
from fledge.model.masks import causal
from fledge.model.transformer import Transformer
from fledge.model.transformer_config import TransformerConfig

# D 32, H d 32, F 96, two layers: 4 D² + 3 D F = 4,096 + 9,216 numbers each; V D = 3,200.
CONFIG = GPTConfig.sized(100, 64, 32, 2, family="llama")
LAYER = 4 * 32 * 32 + 3 * 32 * 96
PAIRS = TransformerConfig(
    vocabulary_size=50,
    width=16,
    encoder_layers=2,
    decoder_layers=3,
    num_heads=2,
    feed_forward_width=48,
    pad_id=0,
    end_id=1,
)


def counted(work):
    """Operations of the matrix products that torch runs, attention included."""
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()


def plainly(model):
    """Let a model attend by plain products, which torch counts on every device."""
    for block in model.blocks:
        block.attention.kernel = lambda q, k, v, mask, dropout: scaled_dot_product(
            q, k, v, causal(q.shape[2]) if mask is None else mask
        )[0]
    return model


def test_matrices_are_counted_by_hand():
    assert matrices(CONFIG) == 2 * LAYER
    assert output(CONFIG) == 100 * 32


def test_a_training_step_is_six_for_each_number_and_half_of_the_attention():
    length, rows = 24, 3
    products = 6 * (2 * LAYER + 3200) * rows * length
    attention = 6 * 2 * 32 * length * length * rows
    assert training_step(CONFIG, rows, length) == products + attention


def test_torch_counts_as_many_operations_in_a_training_step():
    model, ids = plainly(GPT(CONFIG)), torch.randint(100, (3, 24))
    whole = counted(lambda: model(ids).sum().backward())
    # All pairs are multiplied here, and only the half that is needed is counted.
    vain = 6 * 2 * 32 * 24 * 24 * 3
    assert whole - vain == training_step(CONFIG, 3, 24)


def test_torch_counts_as_many_operations_in_a_forward_pass():
    model, ids = plainly(GPT(CONFIG)), torch.randint(100, (1, 24))
    whole = counted(lambda: model.hidden(ids))
    assert whole - 2 * 2 * 32 * 24 * 24 == trunk(CONFIG, 24)


def test_packed_chats_do_not_pay_for_each_other():
    one = 3 * (trunk(CONFIG, 16) + 2 * 8 * 3200)
    assert packed_step(CONFIG, 4, 16, 8) == 4 * one
    # With every token a target, a single chat is a training step.
    assert packed_step(CONFIG, 1, 16, 16) == training_step(CONFIG, 1, 16)


def test_an_iteration_of_ppo_is_answers_judgement_and_updates():
    read, logits = trunk(CONFIG, 20), 2.0 * 8 * 3200
    by_hand = (read + logits) + (4 * read + 2 * logits) + 3 * 3 * (2 * read + logits)
    assert ppo_iteration(CONFIG, 5, 12, 8, epochs=3) == pytest.approx(5 * by_hand)


def test_a_step_of_decoding_reads_all_weights_but_an_embedding_of_its_own():
    numbers = sum(p.numel() for p in GPT(CONFIG).parameters())
    assert weight_bytes(CONFIG, 2) == 2 * numbers
    untied = CONFIG.model_copy(update={"tied_embeddings": False})
    assert weight_bytes(untied, 2) == 2 * numbers


def test_decoding_reads_the_keys_and_values_of_all_tokens_before():
    # Steps after 10, 11 and 12 tokens: 33 of them, two layers, keys and values of 32 numbers.
    cache = 33 * 2 * 2 * 32 * 4 * 2
    assert decoded_bytes(CONFIG, 4, 10, 3, 2, 2) == 3 * weight_bytes(CONFIG, 2) + cache


def test_torch_counts_as_many_operations_in_a_translation_step():
    pairs, source, target = 2, 7, 5
    model = Transformer(PAIRS)
    ids = torch.randint(2, 50, (pairs, source)), torch.randint(2, 50, (pairs, target))
    mask = torch.ones(pairs, source, dtype=torch.bool)
    whole = counted(lambda: model(ids[0], mask, ids[1]).sum().backward())
    vain = 3 * pairs * 3 * 2 * 16 * target * target
    assert whole - vain == translation_step(PAIRS, pairs, source, target)


def test_a_search_reads_the_decoder_once_a_step():
    model = Transformer(PAIRS)
    decoder = sum(p.numel() for p in model.decoder.parameters() if p.ndim == 2) - 3 * 2 * 16 * 16
    once = sum(p.numel() for p in model.encoder.parameters() if p.ndim == 2) + 3 * 2 * 16 * 16
    assert translation_bytes(PAIRS, 6, 4) == 4 * (once + 6 * (decoder + 50 * 16))
