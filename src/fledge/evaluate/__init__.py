"""How good a model is, and the report card that says so."""
