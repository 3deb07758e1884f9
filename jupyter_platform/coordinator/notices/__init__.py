"""What is told to people, and the stream of events that tells it."""
