from stages.ppo.small_ppo import language_model, small_ppo


def test_networks_evaluate_from_the_beginning_and_whatever_the_loop_says():
    stage = small_ppo(language_model(dropout=0.5))
    for network in (stage.trained, stage.judge.reference):
        for _ in range(2):
            parts = [part for child in network.children() for part in child.modules()]
            assert not any(part.training for part in parts)
            network.train()
