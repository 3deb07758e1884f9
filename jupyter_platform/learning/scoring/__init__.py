"""EVALUATE: how well networks do."""
