"""GGUF, the one-file format of llama.cpp: read into a checkpoint, and written from one."""
