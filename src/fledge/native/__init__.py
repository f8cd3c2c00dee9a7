"""Attention and decoding in C++, compiled for the processor at hand; torch where it cannot be."""
