import itertools
from dataclasses import replace

import pytest
import torch

from fledge.checkpoint.translation_files import LoadedTranslationModel
from fledge.errors import GenerationError
from fledge.generate import translation
from fledge.generate.beam import BeamSettings
from fledge.generate.translation import Translation, translate
from fledge.model.transformer import Transformer
from fledge.stages.translate.config import TransformerSize
from fledge.text.tokenizer import Tokenizer

WORDS = ("red", "green", "blue", "one", "two")
SENTENCES = [" ".join(words) for n in (1, 3) for words in itertools.permutations(WORDS[:3], n)]


@pytest.fixture(scope="module")
def loaded():
    """Random weights far apart, so that no two hypotheses score nearly the same."""
    tokenizer = Tokenizer.train([" ".join(WORDS)] * 4, 280)
    size = TransformerSize(
        context_length=64,
        width=16,
        encoder_layers=1,
        decoder_layers=2,
        num_heads=2,
        feed_forward_width=32,
    )
    model = Transformer(size.config(tokenizer, dropout=0.0)).eval()
    random = torch.Generator().manual_seed(0)
    model.initialise(random)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.3 * torch.randn(parameter.shape, generator=random)
    return LoadedTranslationModel(model, tokenizer, tokenizer)


def found(loaded, sentences, **settings):
    best = translate(loaded, sentences, BeamSettings(**settings))
    return [[(one.ids, round(one.score, 4)) for one in each] for each in best]


@pytest.mark.parametrize("beams", [1, 3])
def test_a_sentence_is_translated_the_same_in_any_company(loaded, beams, monkeypatch):
    settings = {"beams": beams, "best": beams, "max_new_tokens": 9}
    together = found(loaded, SENTENCES, **settings)
    assert together == [found(loaded, [one], **settings)[0] for one in SENTENCES]
    monkeypatch.setattr(translation, "SOURCE_TOKENS", 40)
    assert together == found(loaded, SENTENCES, **settings)


def test_an_empty_sentence_has_the_empty_translation(loaded):
    done = []
    best = translate(loaded, ["", "red", " "], BeamSettings(max_new_tokens=4), done.append)
    assert [len(each) for each in best] == [1, 1, 1]
    assert best[0][0].text == best[2][0].text == "" and best[1][0].ids
    assert sum(done) == 3


def test_a_translation_is_at_most_fifty_tokens_longer_than_its_source(loaded, monkeypatch):
    monkeypatch.setattr(translation, "LONGER", 3)
    for sentence, (best, *_) in zip(
        SENTENCES, found(loaded, SENTENCES, beams=2, max_new_tokens=64), strict=True
    ):
        assert len(best[0]) <= len(loaded.source_ids(sentence)) + 3


def test_no_translation_holds_a_special_id_but_its_end(loaded):
    special, end = loaded.source.special_ids, loaded.model.config.end_id
    for each in translate(loaded, SENTENCES, BeamSettings(beams=4, best=4, max_new_tokens=9)):
        for one in each:
            assert one.ids[-1] == end and not special & set(one.ids[:-1])


def test_a_sentence_beyond_the_context_is_named(loaded):
    with pytest.raises(GenerationError, match=r"sentence 2 has \d+ tokens, .* at most 64"):
        translate(loaded, ["red", "red " * 90], BeamSettings())
    with pytest.raises(GenerationError, match=r"news\.en:2 has"):
        translate(loaded, ["red", "red " * 90], BeamSettings(), where="news.en:")


def test_words_that_training_never_had_come_with_every_translation(loaded):
    known = replace(loaded, known_words=frozenset(WORDS))
    settings = BeamSettings(beams=2, best=2, max_new_tokens=4)
    found = translate(known, ["red Zebra, ONE zebra", "green one", ""], settings)
    assert [[one.unknown_words for one in each] for each in found] == [
        [("Zebra", "zebra")] * 2,
        [()] * 2,
        [()],
    ]
    unrecorded = translate(loaded, ["red zebra"], settings)
    assert all(one.unknown_words == () for one in unrecorded[0])


def test_unknown_words_are_kept_or_lost():
    one = Translation("Le zebra voit Anna.", 0.0, (), ("zebra", "Ann", "Anna", "yak"))
    assert one.kept_words == ("zebra", "Anna") and one.lost_words == ("Ann", "yak")
