"""The value model that PPO trains beside its policy, and its values of an answer's tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float, Int
from torch import Tensor

from fledge.checkpoint.directory import CRITIC, find_checkpoint
from fledge.checkpoint.lineage import read_lineage
from fledge.checkpoint.model_files import load_scalar_model
from fledge.checkpoint.resolved import resolve
from fledge.errors import CheckpointError
from fledge.model.scalar import ScalarModel
from fledge.text.chat import ChatTemplate
from fledge.text.conversation import Conversation
from fledge.text.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class Critic:
    """A value model with its tokenizer and chat template.

    A value V is the sum of rewards that PPO expects from here to the answer's end: the score, in
    its own unit, less the price of the KL that is still to come.
    """

    model: ScalarModel
    tokenizer: Tokenizer
    template: ChatTemplate

    @torch.no_grad()
    def per_token(self, inputs: Int[Tensor, "B T"]) -> Float[Tensor, "B T"]:
        """Return V at every position: index t has read tokens 0 … t, and precedes token t + 1.

        Rows may be padded on the right: a position is blind to those after it.
        """
        values: Tensor = self.model(inputs)
        return values.float()

    def values(self, prompt: Sequence[int], answer: Sequence[int]) -> Float[Tensor, " T"]:
        """Return V before each of the T tokens of an answer; the first is that of the prompt.

        `prompt` ends with the assistant's header, as `template.render` writes it with
        `generation_prompt=True`.
        """
        if not prompt or not answer:
            return torch.zeros(len(answer))
        inputs = torch.tensor([[*prompt, *answer[:-1]]])
        return self.per_token(inputs)[0, len(prompt) - 1 :]

    def values_of(self, conversation: Conversation, answer: str) -> list[tuple[str, float]]:
        """Return the text of each token of an answer to a conversation, with V before it.

        The last entry is the token that ends the turn: its V has read the whole answer.
        """
        prompt = self.template.render(conversation, self.tokenizer, generation_prompt=True).ids
        ids = [*self.tokenizer.encode(answer), self.tokenizer.special.end]
        values = self.values(prompt, ids).tolist()
        return [(self.tokenizer.decode([id_]), v) for id_, v in zip(ids, values, strict=True)]


def load_critic(path: Path) -> Critic:
    """Load the critic of a PPO run's newest checkpoint, of one checkpoint, or in `path` itself.

    Raises:
        CheckpointError: there is none, or it is damaged.
    """
    directory = find_critic(Path(path))
    loaded = load_scalar_model(directory)
    return Critic(loaded.model, loaded.tokenizer, loaded.template)


def find_critic(path: Path) -> Path:
    """Find the directory of a critic, by the names that `load_critic` takes.

    Raises:
        CheckpointError: there is none; the message says what is there instead.
    """
    directory = find_checkpoint(path)
    if (directory / CRITIC).is_dir():
        return directory / CRITIC
    past = read_lineage(directory)
    is_scalar = resolve(directory).kind == "scalar"
    if is_scalar and past is not None and past.stage == "ppo":
        return directory
    if is_scalar and past is None:
        raise CheckpointError(
            f"{directory}: expected the critic of a PPO run, found a model with one score that has "
            "no fledge.json: reward models look the same, so nobody can tell. Put back its "
            "fledge.json, or export RUN/critic anew"
        )
    raise CheckpointError(
        f"{directory}: holds no critic. PPO's checkpoints have one, unless stage.critic.keep is "
        f"false; this is {'no checkpoint of fledge' if past is None else f'one of {past.stage}'}"
    )
