"""Decoding in C++ that is compiled for the processor at hand; where it cannot be, torch decodes."""
