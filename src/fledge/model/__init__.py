"""The Transformer: attention, GPT, reward and value models, and their Hugging Face layouts."""
