"""Sample answers of PPO: the same few held-out prompts, answered again as the policy changes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from fledge.data.batch import PromptBatch
from fledge.stages.ppo.columns import Ids
from fledge.stages.ppo.kl import k1
from fledge.stages.ppo.metrics import Judged
from fledge.stages.ppo.rollout import Rollout

Decode = Callable[[Sequence[int]], str]


@dataclass(frozen=True, slots=True)
class Sampled:
    """Prompts, with their texts, to answer after each `every`-th rollout; after none for None."""

    prompts: PromptBatch
    texts: Mapping[Ids, str]
    decode: Decode
    every: int | None

    def is_due(self, rollouts_done: int) -> bool:
        """Tell whether to sample after this many rollouts."""
        return self.every is not None and rollouts_done % self.every == 0

    def described(
        self, rollout: Rollout, judged: Judged, rollouts_done: int
    ) -> list[dict[str, object]]:
        """Describe each answer: its texts, whether it ended, reward, score and KL in nats."""
        kl = k1(judged.log_probs, judged.reference_log_probs).sum(dim=1).tolist()
        gold = [None] * rollout.examples if judged.gold is None else judged.gold.tolist()
        rows = zip(
            rollout.rows(),
            judged.ended.tolist(),
            judged.raw_scores.tolist(),
            judged.scores.tolist(),
            kl,
            gold,
            strict=True,
        )
        return [
            {
                "rollouts": rollouts_done,
                "prompt": self.texts[tuple(prompt)],
                "answer": self.decode(answer),
                "tokens": len(answer),
                "ended": ended,
                "reward": reward,
                "score": score,
                "kl": nats,
                **({} if true is None else {"gold": true}),
            }
            for (prompt, answer), ended, reward, score, nats, true in rows
        ]
