"""Pages, Markdown, problems and streams: the forms in which answers are shown."""
