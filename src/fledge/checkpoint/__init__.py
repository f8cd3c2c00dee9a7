"""Checkpoints, which stages hand on: directories in Hugging Face layout with their lineage."""
