"""Sample answers by prompt."""

import json
from pathlib import Path

from fledge.observe.samples import LONGEST, MOST_PROMPTS, MOST_STEPS, cut, evenly, samples_of
from fledge.train.samples_file import SamplesFile


def test_answers_are_grouped_by_prompt_with_what_the_run_measured(tmp_path: Path) -> None:
    file = SamplesFile(tmp_path, 0)
    for step in (0, 8):
        file.write(
            step,
            [
                {"prompt": "Hi", "answer": f"{step}", "reward": 1.5, "kl": 0.25, "ended": True},
                {"prompt": "Why?", "answer": "", "reference": "Because.", "tokens": 3},
            ],
        )
    file.close()
    first, second = samples_of(tmp_path)
    assert (first.prompt, [each.step for each in first.answers]) == ("Hi", [0, 8])
    assert first.answers[1].numbers == {"reward": 1.5, "kl": 0.25} and first.answers[1].ended
    assert (second.reference, second.answers[0].ended) == ("Because.", None)


def test_many_samples_are_thinned_and_long_texts_cut(tmp_path: Path) -> None:
    lines = [
        {"step": step, "prompt": f"{prompt}", "answer": "x" * (LONGEST + 1)}
        for step in range(100)
        for prompt in range(MOST_PROMPTS + 5)
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines[-1_000:])
    (tmp_path / "samples.jsonl").write_text(text + '{"prompt": 3}\nnonsense\n', encoding="utf-8")
    found = samples_of(tmp_path)
    assert len(found) == MOST_PROMPTS
    assert len(found[0].answers) <= MOST_STEPS and found[0].answers[-1].step == 99
    assert found[0].answers[0].text.endswith("x […]")
    assert samples_of(tmp_path / "none") == []


def test_steps_are_picked_evenly_with_both_ends() -> None:
    assert evenly([1, 2, 3], 5) == [1, 2, 3]
    assert evenly(list(range(101)), 5) == [0, 25, 50, 75, 100]
    assert cut(None) == "" and cut("short") == "short"
