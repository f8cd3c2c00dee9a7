"""Run files and pipelines: turn settings from TOML into trained checkpoints."""
