"""What was deployed: the table of it, and the form that calls an inference API."""
