"""Topics that customers ask a shop about, each a function that draws a question and its answer."""
