"""Strategies that learn from rewards."""
