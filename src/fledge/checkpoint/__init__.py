"""The hand-off between stages: a directory in Hugging Face layout, with its lineage."""
