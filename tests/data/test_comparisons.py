import json
from pathlib import Path

import pytest

from fledge.data.comparison_records import ranking_from
from fledge.data.comparisons import load_rankings, merge_pairs, without_repeats
from fledge.data.records import Located, Skipped
from fledge.errors import RecordError
from fledge.feedback.records import ChatTurn, Ranking, Response


def ranking(value):
    return ranking_from(Located(Path("a.jsonl"), 7, value))


def shown(one):
    """Prompt turns, then the answers tier by tier."""
    text = {response.id: response.content for response in one.responses}
    prompt = [f"{turn.role[0]}:{turn.content}" for turn in one.prompt]
    return prompt, [sorted(text[id_] for id_ in tier) for tier in one.ranking]


def pair(better, worse, prompt="Who?", labeler=None):
    return Ranking(
        prompt=(ChatTurn(role="user", content=prompt),),
        responses=(Response(id="a", content=better), Response(id="b", content=worse)),
        ranking=(("a",), ("b",)),
        labeler=labeler,
    )


USER = {"role": "user", "content": "Who?"}


def said(text):
    return {"role": "assistant", "content": text}


@pytest.mark.parametrize(
    "record",
    [
        {"prompt": "Who?", "chosen": "Me.", "rejected": "You.", "margin": 1.5},
        {"prompt": [USER], "chosen": [said("Me.")], "rejected": [said("You.")]},
        {"prompt": "Who?", "chosen": [USER, said("Me.")], "rejected": [USER, said("You.")]},
        {"chosen": [USER, said("Me.")], "rejected": [USER, said("You.")]},
        {
            "chosen": "\n\nHuman: Who?\n\nAssistant: Me.",
            "rejected": "\n\nHuman: Who?\n\nAssistant: You.",
        },
        {"prompt": "Human: Who? Assistant:", "chosen": "Me.", "rejected": "You."},
        {"instruction": "Who?", "input": "", "chosen": "Me.", "rejected": "You."},
        {
            "conversations": [{"from": "human", "value": "Who?"}],
            "chosen": {"from": "gpt", "value": "Me."},
            "rejected": {"from": "gpt", "value": "You."},
        },
        {"messages": [USER], "chosen": "Me.", "rejected": "You.", "rank_chosen": 0},
        {"question": "Who?", "id": 3, "chosen": "Me.", "rejected": "You."},
        {"prompt": "Who?", "response 1": "You.", "response 2": "Me.", "label": 1},
        {"prompt": "Who?", "response 1": "Me.", "response 2": "You.", "label": "0"},
        {
            "prompt": [USER],
            "responses": [{"id": "x", "content": "You."}, {"id": "y", "content": "Me."}],
            "ranking": [["y"], ["x"]],
        },
        {
            "prompt": "Who?",
            "responses": [{"id": "x", "content": "You."}, {"id": "y", "content": "Me."}],
            "ranking": [["y"], ["x"]],
            "seconds": None,
        },
    ],
)
def test_every_format_gives_the_same_ranking(record):
    assert shown(ranking(record)) == (["u:Who?"], [["Me."], ["You."]])


def test_equal_answers_and_label_two_are_ties():
    assert len(ranking({"prompt": "a", "chosen": "x", "rejected": "x"}).ranking) == 1
    tied = {"prompt": "a", "response 1": "x", "response 2": "y", "label": 2}
    assert ranking(tied).ranking == (("1", "2"),)


def test_hh_dialogues_are_cut_at_the_last_shared_answer():
    start = "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Joke?\n\nAssistant:"
    one = ranking({"chosen": start + " Knock.\n\nWho?", "rejected": start + " "})
    assert shown(one) == (["u:Hi", "a:Hello", "u:Joke?"], [["Knock.\n\nWho?"], [""]])


def test_hh_dialogues_that_part_early_keep_the_first_different_answers():
    chosen = "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Bye\n\nAssistant: So long"
    rejected = "\n\nHuman: Hi\n\nAssistant: What?"
    one = ranking({"chosen": chosen, "rejected": rejected})
    assert shown(one) == (["u:Hi"], [["Hello"], ["What?"]])


@pytest.mark.parametrize(
    ("record", "found"),
    [
        ({"choosen": "a", "rejected": "b"}, "'chosen' for 'choosen'"),
        ({"prompt": "a", "completion": "b"}, "found the fields prompt, completion"),
        ({"chosen": "a", "rejected": "b"}, 'begins with "Human:"'),
        ({"prompt": "a", "chosen": 1.5, "rejected": [1]}, r"rejected\[0\]"),
        ({"prompt": "a", "response 1": "x", "response 2": "y", "label": 7}, "label 0 .* found 7"),
        ({"response 1": "x", "response 2": "y", "label": 1}, "a prompt"),
        (
            {
                "chosen": "\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant: d",
                "rejected": "\n\nHuman: a\n\nAssistant: b\n\nHuman: e\n\nAssistant: f",
            },
            "they part at turn 3",
        ),
        (
            {
                "chosen": "\n\nHuman: a\n\nAssistant: b",
                "rejected": "\n\nHuman: z\n\nAssistant: c",
            },
            "they part at turn 1",
        ),
        (
            {
                "prompt": "a",
                "responses": [{"id": "x", "content": "b"}, {"id": "y", "content": "c"}],
                "ranking": [["x"], ["z"]],
            },
            "ranking must name every response once",
        ),
        ({"prompt": "a", "responses": [], "ranking": []}, "responses is wrong"),
        ({"prompt": "a", "responses": [{"id": 1}, {"id": 2}], "ranking": []}, r"responses\.0"),
    ],
)
def test_what_is_no_comparison_is_refused(record, found):
    with pytest.raises(RecordError, match=rf"(?s)^a\.jsonl:7: expected .*{found}"):
        ranking(record)


def test_all_pairs_of_an_order_become_one_ranking():
    pairs = [pair("b", "c"), pair("a", "c"), pair("a", "b")]
    (one,) = merge_pairs(pairs)
    assert shown(one) == (["u:Who?"], [["a"], ["b"], ["c"]])
    assert one.ranks() == (0, 1, 2)


def test_an_uncompared_pair_is_a_tie_of_the_ranking():
    (one,) = merge_pairs(
        [pair("a", "b"), pair("a", "c"), pair("b", "d"), pair("c", "d"), pair("a", "d")]
    )
    assert shown(one)[1] == [["a"], ["b", "c"], ["d"]]


def contents(rankings):
    """Every pair that the reward loss of these rankings sees."""
    pairs = []
    for one in rankings:
        tiers = shown(one)[1]
        for index, tier in enumerate(tiers):
            pairs += [(a, b) for a in tier for rest in tiers[index + 1 :] for b in rest]
    return sorted(pairs)


@pytest.mark.parametrize(
    "given",
    [
        [("a", "b"), ("b", "c"), ("c", "a")],
        [("a", "b"), ("b", "a")],
        [("a", "b"), ("b", "c")],
        [("a", "b"), ("c", "d")],
        [("a", "b"), ("a", "c"), ("b", "c"), ("c", "d")],
    ],
)
def test_pairs_that_are_no_order_stay_as_they_are(given):
    pairs = [pair(*one) for one in given]
    assert merge_pairs(pairs) == pairs


def test_merging_never_changes_the_pairs_of_the_loss():
    import itertools
    import random

    rng = random.Random(3)
    every = list(itertools.permutations("abcd", 2))
    for _ in range(300):
        given = rng.sample(every, rng.randint(1, 7))
        merged = merge_pairs([pair(*one) for one in given])
        assert contents(merged) == sorted(given)


def test_labelers_and_prompts_are_merged_apart_and_in_order():
    pairs = [
        pair("a", "b", "one", "Ann"),
        pair("c", "d", "two"),
        pair("a", "c", "one", "Ann"),
        pair("b", "a", "one", "Bob"),
    ]
    merged = merge_pairs(pairs)
    assert [one.prompt[0].content for one in merged] == ["one", "two", "one"]
    assert [one.labeler for one in merged] == ["Ann", None, "Bob"]
    assert [len(one.responses) for one in merged] == [3, 2, 2]


def test_repeats_go_and_contradictions_stay():
    pairs = [pair("a", "b"), pair("a", "b"), pair("b", "a"), pair("a", "b", labeler="Ann")]
    assert without_repeats(pairs) == [pairs[0], pairs[2], pairs[3]]


def test_rankings_load_merged_and_without_ties(write):
    path = write(
        "a.jsonl",
        {"prompt": "p", "chosen": "x", "rejected": "y"},
        {"prompt": "p", "chosen": "x", "rejected": "z"},
        {"prompt": "p", "chosen": "y", "rejected": "z"},
        {"prompt": "q", "chosen": "same", "rejected": "same"},
    )
    assert [len(one.responses) for one in load_rankings(path)] == [3]
    assert [len(one.responses) for one in load_rankings(path, keep_ties=True)] == [3, 2]


def test_a_bad_comparison_stops_the_load_or_is_listed(write):
    path = write("a.jsonl", {"prompt": "p", "chosen": "x", "rejected": "y"}, {"prompt": "p"})
    with pytest.raises(RecordError, match=r"a\.jsonl:2"):
        load_rankings(path)
    skipped = Skipped()
    assert len(load_rankings(path, skipped=skipped)) == 1
    assert len(skipped) == 1


def test_a_ranking_written_as_json_is_read_back(write):
    one = pair("a", "b", labeler="Ann")
    assert load_rankings(write("a.jsonl", json.loads(one.model_dump_json()))) == [one]


def test_labelers_may_be_numbers(write):
    pairs = [{"prompt": "p", "chosen": "x", "rejected": "y", "labeler": n} for n in (1, 2)]
    assert [one.labeler for one in load_rankings(write("a.jsonl", *pairs))] == ["1", "2"]
    pairs[1]["labeler"] = ["Ann"]
    with pytest.raises(RecordError, match=r"b\.jsonl:2: expected a string in 'labeler'"):
        load_rankings(write("b.jsonl", *pairs))
