"""Labelling over HTTP: the queue of labellers, and projects, uploads and results for admins."""
