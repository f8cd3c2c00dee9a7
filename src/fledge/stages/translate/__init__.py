"""The encoder-decoder of "Attention is all you need" trained on sentence pairs."""
