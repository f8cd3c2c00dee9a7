"""Rankings and ratings on disk, with what is told of who gave them."""

from pathlib import Path

import pytest

from fledge.data.comparison_records import ranking_from
from fledge.data.demonstrations import demonstration_from
from fledge.data.judgement_records import judgement_from
from fledge.data.prompts import prompt_from
from fledge.data.records import Located
from fledge.errors import RecordError
from fledge.feedback.records import Ranking, Rating


def located(**value):
    return Located(Path("a.jsonl"), 3, value)


TOLD = {"labeler": 7, "prompt_id": "p", "seconds": "4.5", "guideline": "v2", "consent": "yes"}


def test_a_rating_of_every_spelling_is_read():
    rating = judgement_from(
        located(question="Who?", answer="Me.", rating="5", gold=4, flags=["rude"], **TOLD)
    )
    assert isinstance(rating, Rating)
    assert (rating.response, rating.rating, rating.gold) == ("Me.", 5, 4)
    assert (rating.labeler, rating.prompt_id, rating.seconds) == ("7", "p", 4.5)
    assert (rating.guideline, rating.consent, rating.flags) == ("v2", True, ("rude",))
    for mark, number in (("up", 1), (False, -1), ("-1", -1), (3.0, 3), ("👎", -1)):
        assert judgement_from(located(prompt="q", response="a", rating=mark)).rating == number


def test_a_pair_tells_its_models_and_labeller():
    pair = located(
        prompt="q", chosen="a", rejected="b", chosen_model="x", rejected_model="y", **TOLD
    )
    ranking = judgement_from(pair)
    assert isinstance(ranking, Ranking)
    assert [one.model for one in ranking.responses] == ["x", "y"]
    assert (ranking.labeler, ranking.seconds, ranking.guideline) == ("7", 4.5, "v2")
    rated = judgement_from(located(prompt="q", chosen="a", rejected="b", rating=3))
    assert isinstance(rated, Ranking), "the mark of a pair is none of one answer"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"rating": 4.5}, "a whole number or a thumb in 'rating', found 4.5"),
        ({"rating": "inf"}, "a number in 'rating'"),
        ({"rating": 3, "flags": "rude"}, 'a list of names in "flags"'),
        ({"rating": 3, "seconds": "soon"}, "a number in 'seconds', found 'soon'"),
        ({"rating": 3, "consent": "maybe"}, "true or false in 'consent', found 'maybe'"),
    ],
)
def test_fields_that_hold_something_else_are_errors(fields, message):
    with pytest.raises(RecordError, match=rf"a\.jsonl:3: .*{message}"):
        judgement_from(located(prompt="q", response="a", **fields))


def test_a_rating_without_its_answer_says_what_is_missing():
    with pytest.raises(RecordError, match=r"a prompt, an answer .* and a rating"):
        judgement_from(located(prompt="q", rating=3))
    with pytest.raises(RecordError, match="one of the formats"):
        judgement_from(located(prompt="q", response="a"))


def test_what_nobody_allowed_to_train_on_is_not_trained_on():
    for read, fields in (
        (demonstration_from, {"prompt": "q", "response": "a"}),
        (ranking_from, {"prompt": "q", "chosen": "a", "rejected": "b"}),
        (prompt_from, {"prompt": "q"}),
    ):
        assert read(located(**fields, consent=True))
        with pytest.raises(RecordError, match=r"whose writers allow training, found .*'consent'"):
            read(located(**fields, consent=False))
