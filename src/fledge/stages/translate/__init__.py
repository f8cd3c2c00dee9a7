"""Train the encoder-decoder of "Attention is all you need" on sentence pairs."""
