import json
import warnings
from dataclasses import replace

import pytest
import torch
from transformers import AutoTokenizer, MarianConfig, MarianMTModel, MarianTokenizer

from checkpoint.translation_models import TEXTS, make
from fledge.checkpoint.exchange import export_model
from fledge.checkpoint.translation_files import (
    WORDS,
    LoadedTranslationModel,
    load_translation_model,
    save_translation_model,
)
from fledge.errors import CheckpointError
from fledge.generate.beam import BeamSettings, beam_search
from fledge.generate.decoders import TransformerDecoder
from fledge.text.sentence_pieces import load_sentence_pieces
from fledge.text.tokenizer import Tokenizer
from text.piece_models import write_pair

LAYOUTS = {
    "marian": {},
    "paper": {"positions": "interleaved"},
    "pre-norm": {"norm_position": "pre", "activation": "swish"},
}


@pytest.mark.parametrize("changes", LAYOUTS.values(), ids=LAYOUTS)
def test_loaded_equals_saved(tmp_path, changes):
    saved = make(**changes)
    save_translation_model(tmp_path / "a", saved)
    loaded = load_translation_model(tmp_path / "a")
    assert loaded.model.config == saved.model.config and not loaded.model.training
    assert loaded.languages == ("en", "fr") and loaded.source is loaded.target
    for name, tensor in saved.model.state_dict().items():
        assert torch.equal(loaded.model.state_dict()[name], tensor), name
    assert loaded.source_ids(TEXTS[0]) == saved.source_ids(TEXTS[0])
    save_translation_model(tmp_path / "b", loaded)
    for path in (tmp_path / "a").iterdir():
        assert (tmp_path / "b" / path.name).read_bytes() == path.read_bytes(), path.name


def test_the_words_of_training_are_kept_and_exported(tmp_path):
    words = frozenset({"straße", "dog", "don", "t"})
    save_translation_model(tmp_path / "a", replace(make(), known_words=words))
    assert (tmp_path / "a" / WORDS).read_text(encoding="utf-8") == "dog\ndon\nstraße\nt\n"
    assert load_translation_model(tmp_path / "a").known_words == words
    export_model(tmp_path / "a", tmp_path / "b")
    assert load_translation_model(tmp_path / "b").known_words == words
    save_translation_model(tmp_path / "c", make())
    assert not (tmp_path / "c" / WORDS).exists()
    assert load_translation_model(tmp_path / "c").known_words == frozenset()
    (tmp_path / "a" / WORDS).write_bytes(b"caf\xe9\n")
    with pytest.raises(CheckpointError, match=r"known_words\.txt: expected words in UTF-8"):
        load_translation_model(tmp_path / "a")


def test_what_marian_cannot_compute_has_a_name_of_its_own(tmp_path):
    save_translation_model(tmp_path, make(norm_position="pre"))
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["model_type"] == "fledge_transformer"
    assert config["architectures"] == ["FledgeTransformer"]
    config["sliding_window"] = 5
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match="sliding_window is not a setting"):
        load_translation_model(tmp_path)


@torch.inference_mode()
def test_marian_translates_from_our_files_as_fledge_does(tmp_path):
    ours = make()
    save_translation_model(tmp_path, ours)
    theirs, report = MarianMTModel.from_pretrained(tmp_path, output_loading_info=True)
    assert not any(report.values())
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    batch = tokenizer(TEXTS[:3], padding=True, return_tensors="pt")
    assert batch.input_ids[0].tolist()[: len(ours.source_ids(TEXTS[0]))] == ours.source_ids(
        TEXTS[0]
    )
    expected = theirs.generate(**batch, max_new_tokens=12)
    decoder = TransformerDecoder(ours.model, batch.input_ids, batch.attention_mask.bool())
    first = torch.full((3,), ours.model.config.pad_id)
    end = ours.model.config.end_id
    settings = BeamSettings(beams=4, max_new_tokens=12)
    found = beam_search(decoder, first, end, settings, ours.banned_ids)
    for row, (best,) in zip(expected, found, strict=True):
        assert tuple(row[1 : 1 + len(best.ids)].tolist()) == best.ids
        assert tokenizer.decode(row, skip_special_tokens=True) == ours.target.decode(best.ids)


def test_another_tokenizer_is_refused(tmp_path):
    other = Tokenizer.characters(["abc"])
    ours = make()
    with pytest.raises(CheckpointError, match="but the tokenizer has 10"):
        save_translation_model(
            tmp_path, LoadedTranslationModel(ours.model, other, other, ("en", "fr"))
        )


def test_a_language_model_is_no_translator(tmp_path):
    save_translation_model(tmp_path, make())
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "model_type": "gpt2"}))
    with pytest.raises(CheckpointError, match="'gpt2' is no encoder-decoder"):
        load_translation_model(tmp_path)


def test_a_missing_tokenizer_is_named(tmp_path):
    save_translation_model(tmp_path, make())
    (tmp_path / "tokenizer.json").unlink()
    with pytest.raises(CheckpointError, match="no tokenizer here"):
        load_translation_model(tmp_path)


def test_two_unlike_tokenizers_are_refused(tmp_path):
    ours = make()
    write_pair(tmp_path)
    source, _ = load_sentence_pieces(tmp_path)
    with pytest.raises(CheckpointError, match="found SentencePieceTokenizer and Tokenizer"):
        model = make(vocabulary_size=448).model
        save_translation_model(tmp_path, LoadedTranslationModel(model, source, ours.target))


@pytest.fixture
def opus(tmp_path) -> MarianMTModel:
    """A random model in the layout of Helsinki-NLP's, in `tmp_path / "opus"`."""
    size = write_pair(tmp_path / "opus")
    pad = size - 1
    torch.manual_seed(0)
    config = MarianConfig(
        vocab_size=size,
        d_model=16,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=24,
        decoder_ffn_dim=24,
        activation_function="swish",
        scale_embedding=True,
        max_position_embeddings=40,
        pad_token_id=pad,
        eos_token_id=0,
        decoder_start_token_id=pad,
        forced_eos_token_id=0,
    )
    model = MarianMTModel(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter += 0.3 * torch.randn_like(parameter)
    model.save_pretrained(tmp_path / "opus")
    return model


@torch.inference_mode()
def test_an_opus_mt_is_read_and_written_whole(opus, tmp_path):
    loaded = load_translation_model(tmp_path / "opus")
    save_translation_model(tmp_path / "ours", loaded)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Recommended: pip install sacremoses")
        tokenizer = MarianTokenizer.from_pretrained(tmp_path / "ours")
    back, report = MarianMTModel.from_pretrained(tmp_path / "ours", output_loading_info=True)
    assert not any(report.values())
    assert back.state_dict().keys() == opus.state_dict().keys()
    for name, tensor in opus.state_dict().items():
        assert torch.equal(back.state_dict()[name], tensor), name
    text = "She sells sea shells."
    batch = tokenizer([text], return_tensors="pt")
    assert batch.input_ids[0].tolist() == loaded.source_ids(text)
    logits = back(**batch, decoder_input_ids=batch.input_ids[:, :3]).logits
    mask = torch.ones_like(batch.input_ids, dtype=torch.bool)
    found = loaded.model(batch.input_ids, mask, batch.input_ids[:, :3])
    torch.testing.assert_close(found, logits, atol=1e-5, rtol=0)
    again = load_translation_model(tmp_path / "ours")
    save_translation_model(tmp_path / "again", again)
    for path in (tmp_path / "ours").iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes(), path.name


@torch.inference_mode()
@pytest.mark.parametrize("activation", ["relu", "swish"])
def test_the_papers_positions_are_exported_as_the_marian_that_computes_the_same(
    tmp_path, activation
):
    ours = make(positions="interleaved", activation=activation)
    with torch.no_grad():
        for parameter in ours.model.parameters():
            parameter += 0.1 * torch.randn(
                parameter.shape, generator=torch.Generator().manual_seed(1)
            )
    save_translation_model(tmp_path / "ours", ours)
    assert export_model(tmp_path / "ours", tmp_path / "out").model_type == "marian"
    theirs, report = MarianMTModel.from_pretrained(tmp_path / "out", output_loading_info=True)
    assert not any(report.values())
    batch = AutoTokenizer.from_pretrained(tmp_path / "out")(
        TEXTS[:2], padding=True, return_tensors="pt"
    )
    inputs = torch.tensor([[ours.model.config.pad_id, 40, 50], [ours.model.config.pad_id, 60, 7]])
    expected = ours.model(batch.input_ids, batch.attention_mask.bool(), inputs)
    found = theirs.eval()(**batch, decoder_input_ids=inputs).logits
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_a_pre_norm_model_cannot_be_exported(tmp_path):
    save_translation_model(tmp_path / "ours", make(norm_position="pre"))
    with pytest.raises(CheckpointError, match=r"ours/config.json: the model is pre-norm"):
        export_model(tmp_path / "ours", tmp_path / "out")
