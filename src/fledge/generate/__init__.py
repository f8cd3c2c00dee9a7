"""From a prompt to an answer: sampling and the engine with continuous batching."""
