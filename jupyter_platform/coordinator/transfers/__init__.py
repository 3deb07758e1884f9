"""Bodies of requests and answers that are files."""
