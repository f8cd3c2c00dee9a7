import torch

from fledge.stages.ppo.actor_critic import score_tokens
from fledge.stages.ppo.rollout import Experience, Rollout
from stages.ppo.small_ppo import language_model

PROMPTS = [(3, 4, 5), (6,), (7, 8)]
ANSWERS = [(9, 1), (9, 9, 9, 1), (2,)]
PAD = 0


def rollout():
    return Rollout.join(PROMPTS, ANSWERS, PAD)


def experience(rows=3):
    one = rollout()
    tensors = torch.arange(4 * one.targets.numel()).float().view(4, *one.targets.shape)
    return Experience(one, *tensors)


def test_index_t_speaks_of_predicting_target_t():
    one = rollout()
    assert one.inputs.tolist() == [[3, 4, 5, 9], [6, 9, 9, 9], [7, 8, 2, 0]]
    assert one.targets.tolist() == [[4, 5, 9, 1], [9, 9, 9, 1], [8, 2, 0, 0]]
    assert one.response_mask.int().tolist() == [[0, 0, 1, 1], [1, 1, 1, 1], [0, 1, 0, 0]]
    assert int(one.weight) == 7


def test_rows_come_back_as_they_went_in():
    one = rollout()
    assert [(tuple(prompt), tuple(answer)) for prompt, answer in one.rows()] == list(
        zip(PROMPTS, ANSWERS, strict=True)
    )
    assert one.lengths.tolist() == [5, 5, 3]
    assert one.ids[:, :2].tolist() == [[3, 4], [6, 9], [7, 8]]


def test_a_stop_token_in_the_prompt_does_not_end_the_answer():
    one = Rollout.join([(1, 5), (1, 5)], [(9, 9), (9, 1)], PAD)
    assert one.ended((1,)).tolist() == [False, True]
    assert one.ended(()).tolist() == [False, False]


def test_minibatches_see_every_row_once_in_an_order_of_the_generator():
    whole = experience()
    parts = [whole.minibatch(i, 2, torch.Generator().manual_seed(3)) for i in range(2)]
    assert [part.examples for part in parts] == [2, 1]
    seen = sorted(row.tolist() for part in parts for row in part.returns)
    assert seen == sorted(row.tolist() for row in whole.returns)
    orders = {
        tuple(whole.minibatch(0, 3, torch.Generator().manual_seed(seed)).returns[:, 0].tolist())
        for seed in range(20)
    }
    assert len(orders) == 6  # all of 3!
    for part in parts:  # each row keeps its own values
        for row, returns in zip(part.rollout.inputs, part.returns, strict=True):
            (index,) = (whole.rollout.inputs == row).all(dim=1).nonzero()[:, 0]
            assert torch.equal(returns, whole.returns[index])


def test_split_and_state_keep_everything():
    whole = experience()
    parts = list(whole.split(2))
    assert sum(int(part.weight) for part in parts) == int(whole.weight)
    again = Experience.from_state_dict(whole.state_dict())
    assert all(torch.equal(whole.state_dict()[n], t) for n, t in again.state_dict().items())


def test_a_batch_gives_each_row_what_it_gets_alone():
    for family in ("llama", "gpt2"):
        model = language_model(family=family)
        one = rollout()
        together, entropy = score_tokens(
            model, one.inputs, one.targets, one.response_mask, 0.7, (PAD,)
        )
        assert (entropy[one.response_mask] > 0).all()
        for row, (prompt, answer) in enumerate(zip(PROMPTS, ANSWERS, strict=True)):
            single = Rollout.join([prompt], [answer], PAD)
            alone, _ = score_tokens(
                model, single.inputs, single.targets, single.response_mask, 0.7, (PAD,)
            )
            found = together[row][one.response_mask[row]]
            torch.testing.assert_close(found, alone[single.response_mask], atol=1e-5, rtol=0)


def test_banned_ids_have_no_probability():
    model = language_model()
    one = rollout()
    inputs, mask = one.inputs, one.response_mask
    free, _ = score_tokens(model, inputs, one.targets, mask, 1.0, ())
    banned, _ = score_tokens(model, inputs, one.targets, mask, 1.0, (PAD, 40, 41))
    assert (banned[mask] > free[mask]).all()  # their probability went to the others
    targets = torch.where(mask, 40, one.targets)
    impossible, _ = score_tokens(model, inputs, targets, mask, 1.0, (40,))
    assert impossible[mask].isneginf().all()
