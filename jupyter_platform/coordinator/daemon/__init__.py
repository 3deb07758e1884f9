"""The process itself: its parts put together, its loops, its sockets."""
