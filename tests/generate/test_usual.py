import pytest

from fledge.checkpoint.recommended import NOTHING_RECOMMENDED, Recommended
from fledge.generate import SamplingParams
from fledge.generate.usual import longest_answer, usual_sampling

SMALL = Recommended(temperature=0.2, top_p=0.9, max_new_tokens=300)


def test_what_is_given_wins_over_the_model_and_the_model_over_the_usual():
    assert usual_sampling(NOTHING_RECOMMENDED, SamplingParams(), 9) == SamplingParams(
        temperature=0.7, max_new_tokens=9
    )
    assert usual_sampling(SMALL, SamplingParams(), 9) == SamplingParams(
        temperature=0.2, top_p=0.9, max_new_tokens=300
    )
    # A value that equals the field's default is given all the same.
    given = SamplingParams(temperature=1.0, seed=4)
    assert usual_sampling(SMALL, given, 9) == SamplingParams(
        temperature=1.0, top_p=0.9, max_new_tokens=300, seed=4
    )


def test_all_tokens_may_be_recommended_over_a_filter():
    assert usual_sampling(Recommended(top_k=0), SamplingParams(), 9).top_k is None


@pytest.mark.parametrize(
    ("context", "longest"),
    [(128, 128), (1024, 1024), (2048, 1024), (8192, 1024), (32_768, 4096), (131_072, 4096)],
)
def test_an_answer_has_a_longest_length_by_default(context, longest):
    assert longest_answer(context) == longest
