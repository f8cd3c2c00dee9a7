"""Accounts on the pages: logging in, one's own account, and the people of the server."""
