"""What the requests and answers of the API may say, as pydantic models."""
