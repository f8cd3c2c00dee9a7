import json

import pytest
import torch

from fledge.checkpoint.model_files import LoadedModel
from fledge.errors import ConfigError, GenerationError
from fledge.generate.beam import BeamSettings, beam_search
from fledge.generate.decoders import TransformerDecoder
from fledge.inspect.attention import cross_attention, merged
from fledge.inspect.data import to_json
from fledge.inspect.recording import END, record_text, record_translation
from fledge.inspect.view import choose
from fledge.inspect.words import words_of
from fledge.text.chat import ChatTemplate
from fledge.text.tokenizer import Tokenizer
from recordings import invented, translator
from tiny_model import CORPUS, tiny_model

LOADED = translator()


def language_model(context_length: int = 64) -> LoadedModel:
    tokenizer = Tokenizer.train(CORPUS, 300)
    model = tiny_model(tokenizer.vocabulary_size, context_length).eval()
    return LoadedModel(model, tokenizer, ChatTemplate())


@pytest.mark.parametrize("beams", [1, 4])
def test_a_translation_is_the_best_of_the_search_and_read_as_it_was_written(beams: int) -> None:
    settings = BeamSettings(beams=beams, max_new_tokens=9)
    recording = record_translation(LOADED, "a dog sleeps", settings)

    model, config = LOADED.model, LOADED.model.config
    source = torch.tensor([LOADED.source_ids("a dog sleeps")])
    decoder = TransformerDecoder(model, source, torch.ones_like(source, dtype=torch.bool))
    first = torch.tensor([config.pad_id])
    ((best,),) = beam_search(decoder, first, config.end_id, settings, LOADED.banned_ids)
    ids = list(best.ids)
    assert recording.translation == LOADED.target.decode(ids).strip()
    weights = cross_attention(model, source[0], torch.tensor([config.pad_id, *ids[:-1]]))
    targets, sources = (
        words_of([tokenizer.token_bytes(id_) for id_ in row], [END] * len(row))
        for tokenizer, row in ((LOADED.target, ids), (LOADED.source, source[0].tolist()))
    )
    assert (
        recording.maps.sources
        == tuple(word.text for word in sources)
        == ("a", "dog", "sleeps", END)
    )
    assert recording.maps.targets == tuple(word.text for word in targets)
    torch.testing.assert_close(recording.maps.weights, merged(weights, targets, sources))


def test_a_given_translation_is_read_word_by_word() -> None:
    recording = record_translation(LOADED, " how was your day?", BeamSettings(), "l'homme dort !")
    assert recording.text == "how was your day?"
    assert recording.translation == "l'homme dort !"
    assert recording.maps.sources == ("how", "was", "your", "day", "?", END)
    assert recording.maps.targets == ("l'", "homme", "dort", "!", END)
    assert recording.maps.weights.shape == (3, 2, 5, 6)
    torch.testing.assert_close(recording.maps.weights.sum(dim=-1), torch.ones(3, 2, 5))
    assert recording.influence is not None and recording.influence.shape == (5, 6)


def test_a_text_is_read_causally() -> None:
    recording = record_text(language_model(), "The tide comes in, twice.")
    assert recording.maps.kind == "self"
    assert (
        recording.maps.sources
        == recording.maps.targets
        == (*("The", "tide", "comes", "in", ",", "twice", "."),)
    )
    assert not recording.maps.weights.triu(diagonal=1).any()
    torch.testing.assert_close(recording.maps.weights.sum(dim=-1), torch.ones(2, 1, 7))


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_text_is_refused(text: str) -> None:
    with pytest.raises(GenerationError, match="the sentence is empty"):
        record_translation(LOADED, text, BeamSettings())
    with pytest.raises(GenerationError, match="the target is empty"):
        record_translation(LOADED, "a dog", BeamSettings(), target=text)
    with pytest.raises(GenerationError, match="the text is empty"):
        record_text(language_model(), text)


def test_a_text_beyond_the_context_is_refused_with_both_lengths() -> None:
    with pytest.raises(GenerationError, match=r"the sentence has \d+ tokens, .* at most 8"):
        record_translation(translator(context_length=8), "how was your day " * 3, BeamSettings())
    with pytest.raises(GenerationError, match=r"the target has \d+ tokens, .* at most 8"):
        record_translation(translator(context_length=8), "a dog", BeamSettings(), "un chien " * 9)
    with pytest.raises(GenerationError, match=r"the text has \d+ tokens, .* at most 16"):
        record_text(language_model(context_length=16), CORPUS[0])


def test_the_view_is_the_best_head_of_a_translation_and_the_mean_of_a_text() -> None:
    translation, text = invented("a dog .", "un chien ."), invented("a dog sleeps .")
    best = translation.best
    view = choose(translation)
    assert torch.equal(view.weights, translation.maps.weights[best.layer, best.head])
    place = f"layer {best.layer + 1} of 2, head {best.head + 1} of 3"
    assert view.label == f"{place}, best aligned ({best.score:.2f})"
    assert torch.allclose(choose(text).weights, text.maps.weights.mean(dim=(0, 1)))
    assert choose(text).label == "mean of 2 layers × 3 heads"
    assert choose(text, "best").label.startswith("layer ")


def test_layers_and_heads_are_counted_from_one() -> None:
    recording = invented("a dog .", "un chien .")
    weights = recording.maps.weights
    one = choose(recording, layer=2, head=3)
    assert torch.equal(one.weights, weights[1, 2])
    assert one.label == "layer 2 of 2, head 3 of 3"
    layer = choose(recording, layer=2)
    assert torch.allclose(layer.weights, weights[1].mean(dim=0))
    assert layer.label == "mean of layer 2's 3 heads"
    head = int(recording.scores[1].argmax())
    assert torch.equal(choose(recording, "best", layer=2).weights, weights[1, head])
    assert choose(recording, "best", layer=2).label.startswith(
        f"layer 2 of 2, head {head + 1} of 3"
    )


@pytest.mark.parametrize(
    ("layer", "head", "message"),
    [
        (3, None, "--layer 3 does not exist: the model's go from 1 to 2"),
        (0, None, "--layer 0 does not exist"),
        (1, 4, "--head 4 does not exist: the model's go from 1 to 3"),
        (None, 1, "--head 1 needs a --layer, from 1 to 2"),
    ],
)
def test_a_layer_or_head_out_of_range_is_refused(
    layer: int | None, head: int | None, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        choose(invented("a dog .", "un chien ."), layer=layer, head=head)


def test_the_data_is_what_was_read() -> None:
    recording = invented("a dog .", "un chien .")
    values = json.loads(to_json(recording, choose(recording)))
    assert values["kind"] == "cross-attention"
    assert (values["text"], values["translation"]) == ("a dog .", "un chien .")
    assert values["sources"] == ["a", "dog", "."] and values["targets"] == ["un", "chien", "."]
    best = values["best"]
    shown = values["weights"][best["layer"] - 1][best["head"] - 1]
    assert values["shown"]["weights"] == shown
    torch.testing.assert_close(
        torch.tensor(values["weights"]), recording.maps.weights, atol=1e-6, rtol=0
    )
    assert values["habits"][0][0] in ("end", None)
    assert len(values["scores"]) == 2 and len(values["influence"]) == 3
    text = invented("a dog sleeps .")
    assert json.loads(to_json(text, choose(text)))["influence"] is None
