"""The Transformer: attention, GPT, reward and value models, and their Hugging Face layouts.

Shapes: B rows, T and S positions, D width, H query heads, G key-value heads, d head width,
F feed-forward width, V vocabulary, L layers.
"""
