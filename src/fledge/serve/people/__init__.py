"""People of a server: identity, quota and retention, and the limits behind them."""
