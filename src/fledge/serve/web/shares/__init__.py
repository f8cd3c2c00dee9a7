"""Chats shared by a link: the page that readers see, and the API of their owners."""
