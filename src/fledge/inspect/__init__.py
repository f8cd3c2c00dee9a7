"""Views inside a model: attention, next tokens, layers and heads, as numbers and pictures."""
