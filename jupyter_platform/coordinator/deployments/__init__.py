"""Deployments: items of the marketplace that run as services."""
