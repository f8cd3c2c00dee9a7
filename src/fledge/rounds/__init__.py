"""Rounds: people's feedback becomes the next model, gated by measurements and reversible."""
