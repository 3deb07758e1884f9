"""Strategies that learn targets."""
