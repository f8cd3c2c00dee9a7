import math

import pytest
import torch

from fledge.checkpoint.exchange import import_llama2c
from fledge.checkpoint.model_files import LoadedModel, load_language_model
from fledge.errors import DataError
from fledge.evaluate import bits_per_byte
from fledge.evaluate.bits_per_byte import score_text
from fledge.text.chat import ChatTemplate
from fledge.text.tokenizer import Tokenizer
from shared_data import shared_data
from text.foreign import save_sentencepiece_style
from tiny_model import CORPUS, tiny_model


def loaded(tokenizer: Tokenizer, uniform: bool = False) -> LoadedModel:
    model = tiny_model(tokenizer.vocabulary_size, context_length=16)
    if uniform:
        with torch.no_grad():
            model.final_norm.weight.zero_()
    return LoadedModel(model, tokenizer, ChatTemplate())


def test_a_uniform_model_needs_log_v_nats_a_token():
    tokenizer = Tokenizer.train(CORPUS, 300)
    score = score_text(loaded(tokenizer, uniform=True), CORPUS)
    ids = tokenizer.encode(CORPUS[0])
    assert score.tokens == len(ids) - 1
    assert score.num_bytes == len(CORPUS[0]) - len(tokenizer.token_bytes(ids[0]))
    assert score.nats_per_token == pytest.approx(math.log(tokenizer.vocabulary_size), abs=1e-5)
    bits = score.nats_per_token * score.tokens / math.log(2) / score.num_bytes
    assert score.bits_per_byte == pytest.approx(bits)


def test_a_pass_reads_no_more_tokens_than_there_is_room_for(monkeypatch):
    one = loaded(Tokenizer.train(CORPUS, 300))
    texts = [CORPUS[0], "The sea.", CORPUS[0][:60], "a tide", CORPUS[0][:90]]
    expected = score_text(one, texts)
    monkeypatch.setattr(bits_per_byte, "TOKENS_AT_ONCE", 40)
    shapes: list[torch.Size] = []
    hidden = one.model.hidden
    monkeypatch.setattr(one.model, "hidden", lambda ids: shapes.append(ids.shape) or hidden(ids))
    given = score_text(one, texts)
    assert max(shape.numel() for shape in shapes) <= 40 and max(len(ids) for ids in shapes) > 1
    assert given.tokens == expected.tokens
    assert given.nats_per_token == pytest.approx(expected.nats_per_token, abs=1e-6)


def test_windows_give_the_sum_of_separate_texts():
    one = loaded(Tokenizer.train(CORPUS, 300))
    texts = [CORPUS[0], "The sea.", "a"]
    together = score_text(one, texts)
    apart = [score_text(one, [text]) for text in texts[:2]]
    nats = sum(each.nats_per_token * each.tokens for each in apart)
    assert together.nats_per_token * together.tokens == pytest.approx(nats, rel=1e-5)


def test_nothing_to_measure_on_is_refused():
    with pytest.raises(DataError, match="at least two tokens"):
        score_text(loaded(Tokenizer.train(CORPUS, 300)), [""])


def test_a_text_begins_as_the_tokenizer_begins_it(tmp_path):
    save_sentencepiece_style(tmp_path, CORPUS)
    llama = Tokenizer.load(tmp_path)
    one = loaded(llama)
    score = score_text(one, ["The sea."])
    ids = [*llama.opening_ids, *llama.encode("The sea.")]
    assert len(llama.opening_ids) == 1
    with torch.inference_mode():
        log_probs = one.model(torch.tensor([ids[:-1]]))[0].log_softmax(dim=-1)
    nats = -log_probs[range(len(ids) - 1), ids[1:]].sum()
    assert score.tokens == len(ids) - 1
    assert score.nats_per_token * score.tokens == pytest.approx(float(nats), rel=1e-5)


@pytest.mark.shared_data
def test_a_real_llama_is_better_for_its_beginning(tmp_path):
    """stories260K on stories that its context holds; 0.0085 more without `<s>`."""
    directory = shared_data("weights/stories260K")
    import_llama2c(directory / "stories260K.bin", tmp_path / "m", directory / "tok512.bin")
    stories = load_language_model(tmp_path / "m")
    text = shared_data("pretrain/tinystories_first900.txt").read_text(encoding="utf-8")
    texts = [one.strip().replace("\n\n", "\n") for one in text.split("<|endoftext|>")[:60]]
    texts = [one for one in texts if len(stories.tokenizer.encode(one)) < 512]
    assert score_text(stories, texts).nats_per_token == pytest.approx(1.3113, abs=2e-4)
