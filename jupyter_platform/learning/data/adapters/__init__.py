"""Changes of samples on their way to networks."""
