from fledge.runs.differences import differences, flat


def test_nested_settings_are_dotted() -> None:
    assert flat({"a": 1, "b": {"c": [1], "d": {}}}) == {"a": 1, "b.c": [1]}


def test_each_difference_is_a_phrase_and_free_sections_have_none() -> None:
    here = {"stage": {"clip": 0.1}, "output": "x", "new": 1}
    there = {"stage": {"clip": 0.2}, "output": "y"}
    assert differences(here, there, free=("output",)) == [
        "new is 1 here, None there",
        "stage.clip is 0.1 here, 0.2 there",
    ]
    assert differences(here, here) == []
