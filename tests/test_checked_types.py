"""Annotations of fledge are checked while its tests run: shapes of tensors, and all other types."""

import pytest
import torch

from fledge.feedback.label_records import by_rating
from fledge.stages.reward.loss import ranking_loss


def test_a_wrong_shape_is_refused() -> None:
    scores, ranks = torch.zeros(2, 3), torch.zeros(2, 4, dtype=torch.long)
    with pytest.raises(TypeError, match="B K"):
        ranking_loss(scores, ranks)


def test_a_wrong_type_is_refused_where_there_are_no_tensors() -> None:
    with pytest.raises(TypeError, match="ratings"):
        by_rating(["not", "a", "mapping"])
