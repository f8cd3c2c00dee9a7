"""One thread for every test, as `make test` has it: sums are rounded alike on every machine."""

import os

# Before torch is imported: its OpenMP reads this once.
os.environ.setdefault("OMP_NUM_THREADS", "1")
