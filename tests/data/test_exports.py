"""Exports of other tools, as they are written, read by the readers of fledge's own formats."""

import json

import pytest

from fledge.data.comparisons import load_rankings
from fledge.data.demonstrations import load_demonstrations
from fledge.data.judgement_records import judgement_from
from fledge.data.prompts import load_prompts
from fledge.data.records import Skipped
from fledge.data.sources import load_with
from fledge.errors import DataError, RecordError
from fledge.feedback.records import Ranking, Rating


@pytest.fixture
def export(tmp_path):
    """Writes records as one JSON list, as most tools do."""

    def write(*records, name="export.json"):
        path = tmp_path / name
        path.write_text(json.dumps(list(records)), encoding="utf-8")
        return path

    return write


def judgements(path):
    return load_with(path, judgement_from, kind="judgements")


def node(id_, role, text, *replies, **more):
    return {"message_id": id_, "role": role, "text": text, "replies": list(replies), **more}


def tree(*replies, id_="t1"):
    question = node("m1", "prompter", "Why tides?", *replies)
    return {"message_tree_id": id_, "tree_state": "ready_for_export", "prompt": question}


def answer(id_, text, rank, *replies, **more):
    return node(id_, "assistant", text, *replies, rank=rank, **more)


GROWN = tree(
    answer("a1", "The sun.", 1),
    answer("a0", "The moon.", 0, node("m2", "prompter", "How?", answer("b0", "It pulls.", None))),
    answer("a2", "Fish.", 2, model_name="fish-1"),
    answer("a3", "Spam.", 3, deleted=True),
)


def test_a_tree_of_openassistant_holds_rankings(export):
    (ranking,) = load_rankings(export(GROWN))
    assert ranking.pairs() == [
        ("The moon.", "The sun."),
        ("The moon.", "Fish."),
        ("The sun.", "Fish."),
    ]
    assert (ranking.labeler, ranking.prompt_id) == (None, "m1")
    assert [response.model for response in ranking.responses] == [None, None, "fish-1"]


def test_a_tree_holds_each_best_answer_once_to_learn(export):
    first, second = load_demonstrations(export(GROWN))
    assert [(turn.content, turn.learned) for turn in first.messages] == [
        ("Why tides?", True),
        ("The moon.", True),
    ]
    learned = [turn.content for turn in second.messages if turn.learned]
    assert learned == ["Why tides?", "How?", "It pulls."], "the moon is context here"


def test_a_tree_holds_every_prompt(export):
    prompts = [[turn.content for turn in one.messages] for one in load_prompts(export(GROWN))]
    assert prompts == [["Why tides?"], ["Why tides?", "The moon.", "How?"]]


def test_tied_ranks_of_a_tree_are_tied(export):
    tied = tree(answer("a", "x", 0), answer("b", "y", 0), answer("c", "z", 1))
    (ranking,) = load_rankings(export(tied))
    assert ranking.ranking == (("a", "b"), ("c",))


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (tree(answer("a", "x", 0), answer("a", "y", 1)), r"found 'a' for a second time"),
        (tree(node("a", "narrator", "x")), r"a role among prompter, assistant, found 'narrator'"),
        (tree(answer("a", "", 0), answer("b", "y", 1)), r"expected a text in 'text'"),
    ],
)
def test_a_tree_that_is_broken_is_named(export, broken, message):
    path = export(GROWN, broken | {"message_tree_id": "t2"})
    with pytest.raises(RecordError, match=rf"export\.json:2: .*{message}"):
        load_rankings(path)
    skipped = Skipped()
    assert len(load_rankings(path, skipped=skipped)) == 1 and len(skipped) == 1


def test_what_holds_nothing_is_told(export, caplog):
    assert len(load_rankings(export(GROWN, tree(id_="t2")))) == 1
    assert "1 of 2 records of OpenAssistant hold no rankings" in caplog.text
    with pytest.raises(DataError, match="no usable record"):
        load_rankings(export(tree(id_="t3")))


def task(*annotations, id_=1, **data):
    pair = {"prompt": "Why tides?", "answer1": "The sun.", "answer2": "The moon."}
    return {"id": id_, "data": data or pair, "annotations": list(annotations), "predictions": []}


def annotation(*results, by=7, **more):
    return {"id": by, "completed_by": by, "lead_time": 4.5, "result": list(results), **more}


def result(type_, value, to_name="answer1,answer2"):
    return {"from_name": "q", "to_name": to_name, "type": type_, "value": value}


def test_label_studio_s_comparisons_name_labeller_and_time(export):
    left = annotation(result("pairwise", {"selected": "left"}))
    right = annotation(result("pairwise", {"selected": "right"}, "txt-1,txt-2"), by={"id": 8})
    cancelled = annotation(result("pairwise", {"selected": "left"}), by=9, was_cancelled=True)
    first, second = judgements(export(task(left, right, cancelled)))
    assert first.pairs() == [("The sun.", "The moon.")]
    assert second.pairs() == [("The moon.", "The sun.")]
    assert [(one.labeler, one.seconds) for one in (first, second)] == [("7", 4.5), ("8", 4.5)]


def test_label_studio_s_ground_truth_is_the_gold_of_others(export):
    truth = annotation(result("pairwise", {"selected": "right"}), ground_truth=True)
    other = annotation(result("pairwise", {"selected": "left"}), by=8)
    (ranking,) = judgements(export(task(other, truth)))
    assert ranking.gold == (("answer2",), ("answer1",))


def test_marks_and_texts_of_label_studio_s_ground_truth_are_kept(export, caplog):
    def rated(mark, **more):
        return annotation(result("rating", {"rating": mark}, "response"), by=mark, **more)

    about = {"prompt": "Count.", "response": "one"}
    (rating,) = judgements(export(task(rated(5, ground_truth=True), rated(4), **about)))
    assert (rating.rating, rating.gold) == (4, 5)
    (alone,) = judgements(export(task(rated(5, ground_truth=True), **about)))
    assert (alone.rating, alone.gold, alone.labeler) == (5, None, "5")
    text = annotation(result("textarea", {"text": ["Two."]}), ground_truth=True)
    (chat,) = load_demonstrations(export(task(text, **about)))
    assert chat.messages[-1].content == "Two."
    truths = [rated(mark, ground_truth=True) for mark in (5, 6)]
    with pytest.raises(RecordError, match=r"json:1: .*one ground truth .* found 5 and 6"):
        judgements(export(task(*truths, rated(4), **about)))
    assert "are not read: " not in caplog.text


def test_what_label_studio_adds_is_named_and_an_untouched_ranker_is_no_order(export, caplog):
    chosen = result("pairwise", {"selected": "left"})
    others = [result("choices", {"choices": ["fluent"]}), result("number", {"number": 3})]
    items = [{"id": "x", "body": "one"}, {"id": "y", "body": "two"}]
    ranker = result("ranker", {"ranker": {"best": [], "_": ["x", "y"]}}, "prompt")
    untouched = task(annotation(ranker), id_=2, prompt="Count.", items=items)
    (ranking,) = judgements(export(task(annotation(chosen, *others)), untouched))
    assert ranking.pairs() == [("The sun.", "The moon.")]
    assert "3 parts of records of Label Studio are not read" in caplog.text
    assert "export.json:1: a result of the type 'number'" in caplog.text
    assert "export.json:1: the choice 'fluent', which names no answer" in caplog.text
    assert "export.json:2: a ranker in which nothing was ranked" in caplog.text


def test_label_studio_s_ranker_choices_ratings_and_texts(export):
    items = [{"id": "x", "title": "X", "body": "one"}, {"id": "y", "title": "Y", "body": "two"}]
    ranker = result("ranker", {"ranker": {"best": ["y", "x"], "_": []}}, "prompt")
    lists = task(annotation(ranker), prompt="Count.", items=items)
    choice = task(annotation(result("choices", {"choices": ["answer2"]})), id_=2)
    tie = task(annotation(result("choices", {"choices": ["Tie"]})), id_=3)
    rating = result("rating", {"rating": 4}, "response")
    rated = task(annotation(rating), id_=4, prompt="Count.", response="one")
    found = judgements(export(lists, choice, tie, rated))
    assert [one.pairs() for one in found[:3]] == [[("two", "one")], [("The moon.", "The sun.")], []]
    assert isinstance(found[3], Rating) and (found[3].rating, found[3].response) == (4, "one")
    written = annotation(result("textarea", {"text": ["The", "moon."]}))
    (chat,) = load_demonstrations(export(task(written)))
    assert chat.messages[-1].content == "The\nmoon."


@pytest.mark.parametrize(
    ("results", "message"),
    [
        ([result("pairwise", {"selected": "middle"})], "left, right, found 'middle'"),
        ([result("choices", {"choices": ["answer3"]})], "names an answer, or a tie, found answer3"),
        ([result("ranker", {"ranker": ["answer9", "x"]})], "found 'answer9', which is not there"),
    ],
)
def test_labels_of_label_studio_that_name_nothing_are_errors(export, results, message):
    with pytest.raises(RecordError, match=rf"export\.json:2: .*{message}"):
        judgements(export(task(annotation()), task(annotation(*results), id_=2)))


def test_an_id_that_comes_twice_is_an_error(export):
    one = task(annotation(result("pairwise", {"selected": "left"})))
    with pytest.raises(RecordError, match=r"export\.json:2: .*found 1, which record 1 has too"):
        judgements(export(one, one))


def chat_snapshot(*messages, system=None):
    by_id = {message["id"]: message for message in messages}
    params = {} if system is None else {"system": system}
    return {"chat": {"id": "c", "chat": {"history": {"messages": by_id}, "params": params}}}


def said(id_, role, content, parent, **more):
    return {"id": id_, "role": role, "content": content, "parentId": parent, **more}


def vote(rating, snapshot, rated="m2", id_="f1", **data):
    return {
        "id": id_,
        "user_id": "u1",
        "version": 0,
        "type": "rating",
        "data": {"rating": rating, "model_id": "small", "reason": "helpful", **data},
        "meta": {"arena": bool(data), "message_id": rated, "chat_id": "c"},
        "snapshot": snapshot,
    }


ASKED = (
    said("m1", "user", "Why tides?", None),
    said("m2", "assistant", "The moon.", "m1", model="small"),
    said("m3", "assistant", "Fish.", "m1", model="large"),
)


def test_a_thumb_of_open_webui_is_a_rating_and_a_vote_a_ranking(export):
    snapshot = chat_snapshot(*ASKED, system="Be kind.")
    (thumb,) = judgements(export(vote(1, snapshot)))
    assert (thumb.rating, thumb.response, thumb.model) == (1, "The moon.", "small")
    assert (thumb.labeler, thumb.flags) == ("u1", ("helpful",))
    assert [turn.content for turn in thumb.prompt] == ["Be kind.", "Why tides?"]
    for rating, pairs in ((1, [("The moon.", "Fish.")]), ("-1", [("Fish.", "The moon.")])):
        (ranking,) = load_rankings(export(vote(rating, snapshot, sibling_model_ids=["large"])))
        assert ranking.pairs() == pairs
        assert {one.content: one.model for one in ranking.responses} == {
            "The moon.": "small",
            "Fish.": "large",
        }


def test_feedback_of_open_webui_without_what_it_is_about_is_an_error(export):
    snapshot = chat_snapshot(*ASKED)
    for broken, message in (
        (vote(1, snapshot, rated="m9"), "message_id 'm9', which it does not hold"),
        (vote(5, snapshot), "a rating 1 or -1, found 5"),
        (vote(1, {"chat": {"id": "c"}}), "found none; export it with chats"),
        (vote(1, chat_snapshot(*ASKED[1:])), "found none with id 'm1'"),
    ):
        with pytest.raises(RecordError, match=rf"export\.json:1: .*{message}"):
            judgements(export(broken))


FIELDS = {"prompt": "Why tides?", "response-1": "The sun.", "response-2": "The moon."}
ORDER = [{"rank": 2, "value": "response-1"}, {"rank": 1, "value": "response-2"}]


@pytest.mark.parametrize(
    "record",
    [
        {"id": "1", "fields": FIELDS, "responses": {"q": [{"value": ORDER, "user_id": "u"}]}},
        {
            "fields": FIELDS,
            "responses": [
                {"user_id": "u", "values": {"q": {"value": ORDER}}, "status": "submitted"}
            ],
        },
        {
            **FIELDS,
            "q": [{"user_id": "u", "value": ORDER, "status": "submitted"}],
            "q-suggestion": None,
            "external_id": "1",
            "metadata": "{}",
        },
        {
            **FIELDS,
            "q": [{"user_id": "u", "value": {"rank": [2, 1], "value": list(FIELDS)[1:]}}],
        },
        {
            **FIELDS,
            "id": "1",
            "q.responses": [["response-2", "response-1"]],
            "q.responses.users": ["u"],
            "q.responses.status": ["submitted"],
            "q.suggestion": None,
        },
        {"fields": FIELDS, "responses": {"q": [{"value": "Response 2", "user_id": "u"}]}},
    ],
    ids=["nested", "by person", "feedback dataset", "of the hub", "flat", "label"],
)
def test_every_shape_of_argilla_is_the_same_ranking(export, record):
    (ranking,) = judgements(export(record))
    assert isinstance(ranking, Ranking)
    assert ranking.pairs() == [("The moon.", "The sun.")] and ranking.labeler == "u"


def test_argilla_s_ties_drafts_ratings_and_texts(export):
    replies = [
        {"value": [{**one, "rank": 1} for one in ORDER], "user_id": "u"},
        {"value": ORDER, "user_id": "v", "status": "draft"},
        {"value": "tie", "user_id": "w"},
    ]
    tied = judgements(export({"fields": FIELDS, "responses": {"q": replies}}))
    assert [(one.labeler, one.pairs()) for one in tied] == [("u", []), ("w", [])]
    fields = {"instruction": "Count.", "response": "one"}
    (rated,) = judgements(
        export({"fields": fields, "responses": {"quality": [{"value": 3, "user_id": "u"}]}})
    )
    assert (rated.rating, rated.response) == (3, "one")
    corrected = {"correction": [{"value": "One, two.", "user_id": "u"}]}
    (chat,) = load_demonstrations(export({"fields": fields, "responses": corrected}))
    assert chat.messages[-1].content == "One, two."


def test_numbered_ratings_of_argilla_are_of_their_answers_and_the_rest_is_named(export, caplog):
    replies = {
        "preference": [{"value": "response-2", "user_id": "u"}],
        "rating-1": [{"value": 2, "user_id": "u"}],
        "rating-2": [{"value": 5, "user_id": "u"}],
        "style": [{"value": "poetic", "user_id": "u"}],
        "topics": [{"value": ["sea", "sky"], "user_id": "u"}],
        "length": [{"value": 3, "user_id": "u"}],
        "later": [{"value": None, "user_id": "u"}],
    }
    ranking, *marks = judgements(export({"fields": FIELDS, "responses": replies}))
    assert ranking.pairs() == [("The moon.", "The sun.")]
    assert [(one.response, one.rating) for one in marks] == [("The sun.", 2), ("The moon.", 5)]
    assert "3 parts of records of Argilla are not read" in caplog.text
    assert "export.json:1: the reply 'poetic', which names no field" in caplog.text
    assert "the reply ['sea', 'sky'] to 'topics'" in caplog.text
    assert "the reply 3 to 'length'" in caplog.text


def test_an_order_of_argilla_of_an_answer_that_is_not_there_is_an_error(export):
    other = [ORDER[0], {"rank": 1, "value": "response-3"}]
    record = {"fields": FIELDS, "responses": {"q": [{"value": other, "user_id": "u"}]}}
    with pytest.raises(RecordError, match=r"answers response1, response2, found 'response3'"):
        judgements(export(record))
    record = {"fields": FIELDS, "responses": {"q": [{"value": "third", "user_id": "u"}]}}
    with pytest.raises(RecordError, match=r"label that names a field .* found third"):
        judgements(export(record))
