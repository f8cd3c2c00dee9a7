"""Pages, Markdown and streams: how answers reach a reader."""
