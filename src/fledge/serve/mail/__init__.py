"""E-mail for invitations and lost passwords, sent through the owner's SMTP server."""
