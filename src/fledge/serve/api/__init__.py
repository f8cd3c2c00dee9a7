"""The `/v1` routes: OpenAI's API as its clients read it, and the page that describes it."""
