"""Run files and pipelines: settings from TOML become a stage in the loop."""
