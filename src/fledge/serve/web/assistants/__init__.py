"""Assistants: their gallery and forms, their documents, and the ready-made ones."""
