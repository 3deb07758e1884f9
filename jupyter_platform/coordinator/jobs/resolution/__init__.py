"""What the names in a submission stand for: data, weights and hosts."""
