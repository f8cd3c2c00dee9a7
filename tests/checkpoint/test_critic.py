"""The critic that PPO leaves beside its policy: found, exported, and equal to the one trained."""

from pathlib import Path

import pytest
import torch

import fledge
from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.exchange import export_model
from fledge.checkpoint.lineage import read_lineage
from fledge.checkpoint.training_state import read_state
from fledge.config import parse_section
from fledge.errors import CheckpointError
from fledge.runs.run import Run, execute
from fledge.stages.ppo.rollout import Experience
from fledge.text.conversation import Conversation, Message
from fledge.train.progress import SilentProgress
from raised import FLOAT32, raise_model


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return raise_model(tmp_path_factory.mktemp("raised"))


def run(files, output, steps, keep=True):
    """Two steps a rollout, each saved."""
    values = {
        "output": str(output),
        "stage": {
            "name": "ppo",
            "policy": files["policy"],
            "reward": files["reward"],
            "prompts": files["prompts"],
            "rollout": {"examples": 4, "max_new_tokens": 6},
            "epochs": 2,
            "kl": {"maximum_clip_fraction": None},
            "critic": {"keep": keep},
        },
        "batch": {"examples": 4},
        "optimizer": {"learning_rate": 2e-3, "schedule": "constant", "steps": steps},
        "checkpoint": {"every": 1, "keep": 3},
        "runtime": FLOAT32,
    }
    return parse_section(values, Run, source="test")


@pytest.fixture(scope="module")
def trained(files, tmp_path_factory):
    output = tmp_path_factory.mktemp("ppo")
    execute(run(files, output, steps=3), SilentProgress())
    return output


def last_rollout(checkpoint: Path) -> Experience:
    state = read_state(checkpoint / "training", "trainer")
    return Experience.from_state_dict(state["stage"]["experience"])


def test_values_equal_those_that_ppo_computed_in_its_last_rollout(trained):
    """The critic of step 2 valued the rollout that is still in use after step 3."""
    experience = last_rollout(trained / "step-00000003")
    rollout = experience.rollout
    critic = fledge.load_critic(trained / "step-00000002")
    values = critic.per_token(rollout.inputs) * rollout.response_mask
    assert torch.allclose(values, experience.values, atol=1e-6)
    assert experience.values.abs().max() > 0.01
    for row, (prompt, answer) in enumerate(rollout.rows()):
        alone = critic.values(prompt, answer)
        assert len(alone) == len(answer)
        expected = experience.values[row][rollout.response_mask[row]]
        assert torch.allclose(alone, expected, atol=1e-6)
    newest = fledge.load_critic(trained).per_token(rollout.inputs) * rollout.response_mask
    assert not torch.allclose(newest, experience.values, atol=1e-4)  # it has learnt since


def test_an_answer_s_text_is_valued_token_by_token(trained):
    critic = fledge.load_critic(trained)
    chat = Conversation((Message("user", "yes one?"),))
    found = critic.values_of(chat, "no thanks")
    assert "".join(token for token, _ in found).startswith("no thanks")
    prompt = critic.template.render(chat, critic.tokenizer, generation_prompt=True).ids
    whole = [*prompt, *critic.tokenizer.encode("no thanks")]
    with torch.no_grad():
        last = float(critic.model(torch.tensor([whole]))[0, -1])
    assert found[-1][1] == pytest.approx(last, abs=1e-6)
    assert critic.values(prompt, []).tolist() == []


def test_one_name_finds_and_exports_it_with_its_past(trained, tmp_path):
    directory = find_checkpoint(trained / "critic")
    assert directory == trained / "step-00000003" / "critic"
    lineage = read_lineage(directory)
    assert lineage.stage == "ppo" and set(lineage.parents) == {"policy", "reward"}
    export_model(directory, tmp_path / "value")
    exported, kept = (fledge.load_critic(one).model for one in (tmp_path / "value", trained))
    assert torch.equal(exported.head.weight, kept.head.weight)


def test_what_is_no_critic_is_refused_by_its_stage(files, trained, tmp_path):
    with pytest.raises(CheckpointError, match=r"holds no critic\. PPO's checkpoints have one"):
        fledge.load_critic(files["policy"])
    parent = trained / "step-00000003" / "critic"
    past = (parent / "fledge.json").read_text().replace('"stage": "ppo"', '"stage": "reward"', 1)
    reward = tmp_path / "reward"
    export_model(parent, reward)
    (reward / "fledge.json").write_text(past)
    with pytest.raises(CheckpointError, match="this is one of reward"):
        fledge.load_critic(reward)
    export_model(reward, tmp_path / "exported")
    assert not (tmp_path / "exported" / "fledge.json").exists()
    with pytest.raises(CheckpointError, match=r"no fledge\.json: reward models look the same"):
        fledge.load_critic(tmp_path / "exported")


def test_a_run_that_keeps_none_resumes_and_may_keep_it_later(files, trained, tmp_path):
    first = execute(run(files, tmp_path, steps=2, keep=False), SilentProgress())
    assert not (first / "critic").exists()
    with pytest.raises(CheckpointError, match=r"stage\.critic\.keep is false"):
        fledge.load_critic(tmp_path)
    with pytest.raises(CheckpointError, match="no checkpoint here: only PPO writes a critic"):
        find_checkpoint(tmp_path / "critic")
    execute(run(files, tmp_path, steps=3, keep=True), SilentProgress())
    ours, theirs = (fledge.load_critic(one).model.state_dict() for one in (tmp_path, trained))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
