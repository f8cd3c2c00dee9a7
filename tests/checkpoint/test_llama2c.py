import math

import pytest
import torch
import torch.nn.functional as F

import fledge
from checkpoint.llama2c_files import encode_slowly, random_llama, write_model, write_tokenizer
from fledge.checkpoint.exchange import import_llama2c
from fledge.errors import CheckpointError, TokenizerError
from fledge.generate import Request, SamplingParams
from fledge.generate.engine import Engine
from fledge.text.llama2c import load_llama2c_tokenizer, read_pieces
from shared_data import shared_data

PIECES = [" t", "he", " the", "e", " ", "t", "h", "a", "b", "é", " ab", "ab", "c", "\n"]


@torch.inference_mode()
@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize("tied", [True, False])
def test_a_model_gives_the_logits_it_had(tmp_path, version, tied):
    size = write_tokenizer(tmp_path / "tokenizer.bin", PIECES)
    model = random_llama(size, tied)
    write_model(tmp_path / "model.bin", model, version)
    copied = import_llama2c(tmp_path / "model.bin", tmp_path / "out", tmp_path / "tokenizer.bin")
    loaded = fledge.load(tmp_path / "out")
    assert copied.model_type == "llama" and loaded.model.config.tied_embeddings == tied
    ids = torch.randint(0, size, (2, 9), generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(loaded.model(ids), model(ids).logits, atol=1e-5, rtol=0)


@pytest.mark.parametrize("text", ["the ab", "a  b the\nc", "", "é b ü 🙂", "the<s></s>he"])
def test_texts_are_cut_as_llama2c_cuts_them(tmp_path, text):
    write_tokenizer(tmp_path / "tokenizer.bin", PIECES)
    tokenizer = load_llama2c_tokenizer(tmp_path / "tokenizer.bin")
    pieces = read_pieces(tmp_path / "tokenizer.bin")
    assert tokenizer.encode(text) == encode_slowly(text, pieces)
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert tokenizer.opening_ids == (1,) and tokenizer.stop_ids == {1, 2}


def test_damage_is_named(tmp_path):
    model, tokenizer = tmp_path / "model.bin", tmp_path / "tokenizer.bin"
    size = write_tokenizer(tokenizer, PIECES)
    write_model(model, random_llama(size, tied=False), 0)
    whole = model.read_bytes()

    def refused(message: str, error: type[Exception] = CheckpointError) -> None:
        with pytest.raises(error, match=message):
            import_llama2c(model, tmp_path / "out", tokenizer)
        assert not (tmp_path / "out").exists()

    model.write_bytes(whole[:-4])
    refused("without tensor lm_head.weight")
    model.write_bytes(whole[: len(whole) // 2])
    refused("without tensor model.layers")
    model.write_bytes(b"\1\2\3" * 100)
    refused("not a llama2.c model")
    model.write_bytes(b"24ka\2\0\0\0" + bytes(300))
    refused("version 2 is quantised")
    model.write_bytes(b"")
    refused("0 bytes are no llama2.c model")
    model.write_bytes(whole)
    write_tokenizer(tokenizer, PIECES[:-2])
    refused("but the tokenizer has 271")
    tokenizer.write_bytes(tokenizer.read_bytes()[:-1])
    refused("not a llama2.c tokenizer", TokenizerError)
    tokenizer.write_bytes(bytes(44))
    refused("expected <unk>, <s>, </s>", TokenizerError)
    tokenizer.unlink()
    refused("put it beside the model, or name it with --tokenizer", TokenizerError)


STORY = """Once upon a time, there was a little girl named Lily. She loved to play outside in the \
park. One day, she saw a big, red ball. She wanted to play with it, but it was too high.
Lily's mom said, "Lily, let's go to the park." Lily was sad and didn't know what to do. She said, \
"I want to play with your ball, but I can't find it."
Lily was sad and didn't know what to do. She said, "I'm sorry, Lily. I didn't know what to do."
Lily didn't want to help her mom, so she said, "I'm sorry, mom. I didn't know what to do." Her mom \
said, "Don't worry, Lily. We can help you.
"""
"""Published with the model; greedy."""


@pytest.fixture(scope="module")
def stories(tmp_path_factory) -> fledge.LoadedModel:
    directory = shared_data("weights/stories260K")
    output = tmp_path_factory.mktemp("stories") / "model"
    import_llama2c(directory / "stories260K.bin", output, directory / "tok512.bin")
    return fledge.load(output)


@pytest.mark.shared_data
def test_a_real_model_writes_its_known_story(stories):
    request = Request(
        id="story",
        prompt=stories.tokenizer.opening_ids,
        sampling=SamplingParams(temperature=0.0, max_new_tokens=256),
        stop_ids=stories.tokenizer.stop_ids,
        banned_ids=stories.banned_ids,
    )
    (completion,) = Engine(stories.model, max_batch=1).generate([request])
    assert STORY.startswith(stories.tokenizer.decode(completion.ids))
    assert len(completion.ids) == 256


@pytest.mark.shared_data
@torch.inference_mode()
def test_a_real_model_has_its_known_loss(stories):
    """1.2968 nats a token was published for the whole validation set; stories differ a lot."""
    text = shared_data("pretrain/tinystories_first900.txt").read_text(encoding="utf-8")
    total, count = 0.0, 0
    for story in text.split("<|endoftext|>")[:60]:
        # The model learned from paragraphs with one newline between them.
        ids = stories.tokenizer.encode(story.strip().replace("\n\n", "\n"))
        ids = [*stories.tokenizer.opening_ids, *ids][:512]
        logits = stories.model(torch.tensor([ids[:-1]]))[0]
        total += F.cross_entropy(logits, torch.tensor(ids[1:]), reduction="sum").item()
        count += len(ids) - 1
    assert math.isclose(total / count, 1.32, abs_tol=0.05), total / count


@pytest.mark.shared_data
def test_real_texts_are_cut_as_llama2c_cuts_them(stories):
    pieces = read_pieces(shared_data("weights/stories260K/tok512.bin"))
    text = shared_data("pretrain/tinystories_first900.txt").read_text(encoding="utf-8")
    for story in text.split("<|endoftext|>")[:40]:
        assert stories.tokenizer.encode(story[:300]) == encode_slowly(story[:300], pieces)
