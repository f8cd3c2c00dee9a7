import itertools

import pytest
import torch

from fledge.generate.beam import BeamSettings, beam_search

END, VOCABULARY, LENGTH = 0, 5, 4


class Table:
    """A decoder whose next token depends on the whole text, by a fixed random table."""

    def __init__(self, rows: int) -> None:
        self.texts = [(row,) for row in range(rows)]

    def step(self, last):
        self.texts = [(*text, int(id_)) for text, id_ in zip(self.texts, last, strict=True)]
        return torch.stack([logits_after(text) for text in self.texts])

    def reorder(self, rows):
        self.texts = [self.texts[row] for row in rows.tolist()]


def logits_after(text: tuple[int, ...]) -> torch.Tensor:
    seed = sum((id_ + 1) * 7**position for position, id_ in enumerate(text))
    return torch.randn(VOCABULARY, generator=torch.Generator().manual_seed(seed)) * 2


def every_text(row: int) -> list[tuple[tuple[int, ...], float]]:
    """All finished texts of up to LENGTH tokens with their log-probabilities, by brute force."""
    found = []
    for length in range(1, LENGTH + 1):
        for middle in itertools.product(range(1, VOCABULARY), repeat=length - 1):
            text, total = (row, 1), 0.0
            for id_ in (*middle, END):
                forced = len(text) - 1 == LENGTH
                total += 0.0 if forced else logits_after(text).log_softmax(0)[id_].item()
                text = (*text, id_)
            found.append((text[2:], total))
    return found


def search(rows: int, **settings):
    chosen = BeamSettings(max_new_tokens=LENGTH, **settings)
    return beam_search(Table(rows), torch.ones(rows, dtype=torch.long), END, chosen)


@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("penalty", ["power", "gnmt"])
def test_an_exhaustive_beam_finds_the_best_text_there_is(alpha, penalty):
    def score(text_and_total):
        text, total = text_and_total
        base = len(text) if penalty == "power" else (5 + len(text)) / 6
        return total / base**alpha

    found = search(3, beams=VOCABULARY**LENGTH, alpha=alpha, penalty=penalty, stop="never", best=5)
    for row, hypotheses in enumerate(found):
        expected = sorted(every_text(row), key=score, reverse=True)[:5]
        assert [one.ids for one in hypotheses] == [text for text, _ in expected]
        assert [one.score for one in hypotheses] == pytest.approx([score(e) for e in expected])


def test_one_beam_is_greedy():
    for row, (hypothesis,) in enumerate(search(6, beams=1)):
        text = (row, 1)
        while text[-1] != END and len(text) - 2 < LENGTH - 1:
            text = (*text, int(logits_after(text).argmax()))
        text = text if text[-1] == END else (*text, END)
        assert hypothesis.ids == text[2:]


def test_a_sentence_gets_the_same_answer_in_any_company():
    together = search(6, beams=3, best=3)
    for row in range(6):
        alone = Table(6)
        alone.reorder(torch.tensor([row]))
        settings = BeamSettings(beams=3, best=3, max_new_tokens=LENGTH)
        assert beam_search(alone, torch.ones(1, dtype=torch.long), END, settings) == [together[row]]


def test_banned_ids_are_never_written():
    settings = BeamSettings(beams=4, best=4, max_new_tokens=LENGTH)
    first = torch.ones(4, dtype=torch.long)
    found = beam_search(Table(4), first, END, settings, banned_ids=frozenset({2, 3}))
    assert not {id_ for row in found for one in row for id_ in one.ids} & {2, 3}


def test_without_a_forced_end_texts_are_cut_at_the_limit():
    lengths = {len(one.ids) for row in search(5, beams=2, best=2, force_end=False) for one in row}
    assert max(lengths) == LENGTH


@pytest.mark.parametrize("stop", ["likely", "full", "never"])
def test_a_sentence_with_a_limit_of_its_own_is_as_if_all_had_it(stop):
    settings = BeamSettings(beams=3, best=3, max_new_tokens=LENGTH, stop=stop)
    limits = [1, 3, 2, LENGTH]
    first = torch.ones(4, dtype=torch.long)
    mixed = beam_search(Table(4), first, END, settings, limits=limits)
    for row, limit in enumerate(limits):
        same = settings.model_copy(update={"max_new_tokens": limit})
        assert mixed[row] == beam_search(Table(4), first, END, same)[row]
        assert max(len(one.ids) for one in mixed[row]) <= limit
