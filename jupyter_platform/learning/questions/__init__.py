"""Answers to people while they put a job together or look at its network."""
