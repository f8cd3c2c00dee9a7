"""Step 2 of InstructGPT: a reward model from rankings (Ouyang et al. 2022, equation 1)."""
