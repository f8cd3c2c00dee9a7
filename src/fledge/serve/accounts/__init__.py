"""Pages of accounts: login, one's own account, usage, and the administration of people."""
