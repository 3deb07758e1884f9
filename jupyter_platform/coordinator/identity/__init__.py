"""Principals: identity and permissions of every request."""
