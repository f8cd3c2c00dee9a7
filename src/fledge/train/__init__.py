"""The training stages and the one loop that runs them."""
