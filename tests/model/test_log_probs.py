"""Probabilities of given tokens, a few positions at a time."""

import torch

from fledge.model import log_probs
from fledge.model.gpt import GPT
from model.small_models import CONFIG


def test_pieces_give_the_log_softmax_of_all_logits_at_once(monkeypatch):
    monkeypatch.setattr(log_probs, "POSITIONS_AT_ONCE", 7)
    model = GPT(CONFIG)
    model.initialise(torch.Generator().manual_seed(0))
    ids = torch.randint(
        0, CONFIG.vocabulary_size, (3, 11), generator=torch.Generator().manual_seed(1)
    )
    hidden, targets = model.hidden(ids[:, :-1]), ids[:, 1:]
    rows: list[int] = []
    logits = model.logits
    monkeypatch.setattr(model, "logits", lambda part: rows.append(len(part)) or logits(part))
    given = log_probs.target_log_probs(model, hidden, targets)
    assert rows == [7, 7, 7, 7, 2] and not given.requires_grad
    expected = logits(hidden).log_softmax(dim=-1).gather(2, targets[..., None])[..., 0]
    torch.testing.assert_close(given, expected.detach())
