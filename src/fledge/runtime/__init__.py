"""Devices, number formats, processes and seeds: the only place that knows of them."""
