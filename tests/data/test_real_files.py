"""The real files beside the project: everything loads, and there is as much of it as it says."""

import re
from collections import Counter

import pytest

from fledge.data.comparisons import load_rankings
from fledge.data.corpus import build_corpus
from fledge.data.demonstrations import load_demonstrations
from fledge.data.packing import pack
from fledge.data.prompts import load_prompts
from fledge.data.rendering import collate_rankings, render_demonstrations, render_rankings
from fledge.data.sources import read_records, read_texts
from fledge.data.splits import split_rankings
from shared_data import shared_data

pytestmark = pytest.mark.shared_data

DEMONSTRATIONS = {
    "oasst_sft.jsonl": 258,
    "gsm8k_train.jsonl": 7_473,
    "rasbt_instruction-data.json": 1_100,
    "alpaca_en_demo.json": 999,
    "selfinstruct_seed_tasks.jsonl": 175,
    "identity.json": 91,
    "taskmaster4_data_07.json": 210,
}
BOOKS = ["alice_11", "grimm_2591", "jungle_236", "peterpan_16", "sawyer_74", "treasure_120"]
BOOKS += ["sherlock_1661", "pride_1342", "tinyshakespeare"]


@pytest.mark.parametrize(("name", "count"), DEMONSTRATIONS.items())
def test_demonstrations_load(name, count):
    conversations = load_demonstrations(shared_data(f"sft/{name}"))
    assert len(conversations) == count
    assert all(chat.messages[-1].role == "assistant" for chat in conversations)
    assert len(load_prompts(shared_data(f"sft/{name}"))) == count


def test_oasst_demonstrations_have_several_turns():
    conversations = load_demonstrations(shared_data("sft/oasst_sft.jsonl"))
    assert Counter(len(chat.messages) for chat in conversations) == {4: 151, 2: 102, 6: 5}


def test_customer_utterances_are_prompts():
    folder = shared_data("sft/bitext")
    assert len(list(read_records(folder))) == len(load_prompts(folder)) == 7_290


@pytest.mark.parametrize("name", BOOKS)
def test_a_book_is_one_document(name):
    path = shared_data(f"pretrain/{name}.txt")
    (text,) = read_texts(path)
    assert len(text.encode()) <= path.stat().st_size


def test_tinyshakespeare_is_whole():
    (text,) = read_texts(shared_data("pretrain/tinyshakespeare.txt"))
    assert len(text) == 1_115_394 and len(set(text)) == 65


def test_tinystories_are_nine_hundred():
    stories = list(read_texts(shared_data("pretrain/tinystories_first900.txt")))
    assert len(stories) == 900
    assert stories[0].startswith("One day, a little girl named Lily")


def test_the_whole_folder_and_wikitext_are_readable():
    folder = shared_data("pretrain")
    assert len(list(read_texts(folder / "wikitext2"))) == 1
    assert len(list(read_texts(folder))) == 900 + 1 + 10


def test_oasst_pairs_are_k_way_rankings():
    rankings = load_rankings(shared_data("preferences/oasst_pairs.jsonl"))
    sizes = Counter(len(ranking.responses) for ranking in rankings)
    assert sizes == {3: 117, 2: 57, 4: 27, 6: 6, 5: 3, 8: 1, 9: 1}
    assert sum(len(ranking.pairs()) for ranking in rankings) == 754
    assert all(len(ranking.ranking) == len(ranking.responses) for ranking in rankings)


def test_oasst_ranks_are_those_of_the_file():
    path = shared_data("preferences/oasst_pairs.jsonl")
    given: dict[tuple[str, str], object] = {}
    for record in read_records(path):
        turns = str([turn["content"] for turn in record.value["messages"]])
        for answer in ("chosen", "rejected"):
            given[turns, record.value[answer]] = record.value[f"rank_{answer}"]
    for ranking in load_rankings(path):
        turns = str([turn.content for turn in ranking.prompt])
        for rank, response in zip(ranking.ranks(), ranking.responses, strict=True):
            assert rank == given[turns, response.content]


def test_finegrained_pairs_are_merged_without_losing_a_pair():
    rankings = load_rankings(shared_data("preferences/finegrained_pairs.jsonl"))
    assert sum(len(ranking.pairs()) for ranking in rankings) == 2_616
    assert len({ranking.prompt for ranking in rankings}) == 488
    assert len(rankings) == 535


def test_harmless_pairs_cope_with_different_beginnings():
    rankings = load_rankings(shared_data("preferences/hh_harmless_train2000.jsonl"))
    assert len(rankings) == 2_000
    assert all(ranking.prompt[-1].role == "user" for ranking in rankings)
    turns = Counter(len(ranking.prompt) for ranking in rankings)
    assert turns[1] > 500 and max(turns) > 6
    texts = [response.content for ranking in rankings for response in ranking.responses]
    assert not any(re.search(r"\n\n(Human|Assistant):", text) for text in texts)


def test_autoj_has_ties():
    path = shared_data("preferences/autoj_testdata_pairwise.jsonl")
    everything = load_rankings(path, keep_ties=True)
    pairs = sum(len(ranking.pairs()) for ranking in everything)
    ties = sum(len(ranking.ranking) == 1 for ranking in everything)
    assert (pairs, ties) == (1_018, 372)
    assert len(load_rankings(path)) == len(everything) - ties


def test_no_prompt_of_a_real_file_straddles_the_split():
    rankings = load_rankings(shared_data("preferences/oasst_pairs.jsonl"))
    train, held_out = split_rankings(rankings, 0.1)
    first = [{ranking.prompt[0].content for ranking in part} for part in (train, held_out)]
    assert not first[0] & first[1]
    assert 10 <= len(held_out) <= 40


def test_real_chats_become_batches(tokenizer, template):
    conversations = load_demonstrations(shared_data("sft/rasbt_instruction-data.json"))[:200]
    rendered = render_demonstrations(conversations, tokenizer, template, 256)
    batch = pack(rendered, 256)
    supervised = sum(sum(chat.loss_mask[1:]) for chat in rendered)
    assert batch.weight == supervised
    assert (batch.segments > 0).float().mean() > 0.95
    rankings = load_rankings(shared_data("preferences/oasst_pairs.jsonl"))[:20]
    several = render_rankings(rankings, tokenizer, template, 1024, 9).rankings
    comparisons = collate_rankings(several, tokenizer.special.pad)
    assert comparisons.lengths.max() <= 1024 and comparisons.weight > 5


def test_a_real_corpus_decodes_to_its_text(tokenizer, tmp_path):
    path = shared_data("pretrain/tinyshakespeare.txt")
    corpus = build_corpus(path, tokenizer, tmp_path / "c", held_out_fraction=0.1)
    text = path.read_text(encoding="utf-8")
    cut = int(len(text) * 0.9)
    assert tokenizer.decode(corpus.train.document(0).tolist()) == text[:cut]
    assert tokenizer.decode(corpus.validation.document(0).tolist()) == text[cut:]
    assert corpus.validation.index.text_bytes == len(text[cut:].encode())
