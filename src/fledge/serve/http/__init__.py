"""Checks that every request passes before its route, and the answers to every error."""
