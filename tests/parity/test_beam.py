"""Beam search gives the ids and scores of `transformers`, on both architectures."""

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel, MarianConfig, MarianMTModel

from fledge.generate.beam import BeamSettings, beam_search
from fledge.generate.decoders import GPTDecoder, TransformerDecoder
from fledge.model.gpt import GPT
from fledge.model.huggingface import from_huggingface, transformer_from_huggingface
from fledge.model.transformer import Transformer

PAD, END = 40, 0
STOPS = {False: "likely", True: "full", "never": "never"}


def spread(model, deviation):
    """Random weights far apart, so that no two hypotheses score nearly the same.

    They are doubles, so that the logits, rounded to single precision on both sides, are equal on
    every processor.
    """
    torch.manual_seed(5)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter += deviation * torch.randn_like(parameter)
    return model.double().eval()


@pytest.fixture(scope="module")
def marian():
    config = MarianConfig(
        vocab_size=41,
        d_model=24,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=36,
        decoder_ffn_dim=36,
        activation_function="swish",
        scale_embedding=True,
        max_position_embeddings=40,
        pad_token_id=PAD,
        eos_token_id=END,
        decoder_start_token_id=PAD,
        forced_eos_token_id=END,
    )
    return spread(MarianMTModel(config), 0.3)


@pytest.mark.parametrize(
    "beams, alpha, early",
    [(1, 1.0, False), (4, 0.6, False), (4, 1.0, True), (3, 1.5, "never"), (5, 0.0, False)],
)
def test_translations_are_those_of_transformers(marian, beams, alpha, early):
    source = torch.randint(1, 40, (6, 7), generator=torch.Generator().manual_seed(1))
    source[1, 5:], source[4, 3:] = PAD, PAD
    mask = source != PAD
    expected = marian.generate(
        input_ids=source,
        attention_mask=mask.long(),
        num_beams=beams,
        num_return_sequences=beams,
        length_penalty=alpha,
        early_stopping=early,
        max_length=13,
        bad_words_ids=[[PAD]],
        do_sample=False,
        return_dict_in_generate=True,
        output_scores=True,
    )
    config, state = transformer_from_huggingface(marian.config.to_dict(), learnt(marian))
    model = Transformer(config).double().eval()
    model.load_state_dict(state)
    found = beam_search(
        TransformerDecoder(model, source, mask),
        torch.full((6,), PAD),
        END,
        BeamSettings(beams=beams, alpha=alpha, stop=STOPS[early], best=beams, max_new_tokens=12),
        banned_ids=frozenset({PAD}),
    )
    compare(found, expected, beams, start=1, has_scores=beams > 1)


def test_continuations_are_those_of_transformers():
    theirs = spread(
        GPT2LMHeadModel(
            GPT2Config(
                vocab_size=41,
                n_embd=24,
                n_layer=2,
                n_head=4,
                n_positions=30,
                bos_token_id=END,
                eos_token_id=END,
            )
        ),
        0.3,
    )
    prompts = torch.randint(1, 40, (3, 5), generator=torch.Generator().manual_seed(2))
    expected = theirs.generate(
        prompts,
        attention_mask=torch.ones_like(prompts),
        num_beams=3,
        num_return_sequences=3,
        max_new_tokens=8,
        pad_token_id=PAD,
        do_sample=False,
        return_dict_in_generate=True,
        output_scores=True,
    )
    config, state = from_huggingface(
        {**theirs.config.to_dict(), "architectures": ["GPT2LMHeadModel"]}, learnt(theirs)
    )
    model = GPT(config).double().eval()
    model.load_state_dict(state)
    found = beam_search(
        GPTDecoder(model, prompts[:, :-1], capacity=13),
        prompts[:, -1],
        END,
        BeamSettings(beams=3, best=3, max_new_tokens=8, force_end=False),
    )
    compare(found, expected, 3, start=5, has_scores=True)


def learnt(model):
    return {name: tensor for name, tensor in model.state_dict().items() if name != "lm_head.weight"}


def compare(found, expected, beams, start, has_scores):
    ours = [hypothesis for sentence in found for hypothesis in sentence]
    theirs = [row[start:].tolist() for row in expected.sequences]
    for hypothesis, row in zip(ours, theirs, strict=True):
        ids = list(hypothesis.ids)
        assert ids == row[: len(ids)]
        assert set(row[len(ids) :]) <= {PAD, END}
    if has_scores:
        scores = torch.tensor([hypothesis.score for hypothesis in ours])
        torch.testing.assert_close(scores, expected.sequences_scores, atol=1e-5, rtol=0)
