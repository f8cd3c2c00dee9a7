"""Tasks for labellers: prompts with several answers, sampled from checkpoints."""
