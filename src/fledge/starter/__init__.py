"""The starter pack: text, prompts, answers and the judge that the demo learns from."""
