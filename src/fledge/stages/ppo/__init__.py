"""Step 3 of InstructGPT: PPO against a reward (Ouyang et al. 2022, arXiv:2203.02155)."""
