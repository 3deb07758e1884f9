"""Strategies that learn to make samples."""
