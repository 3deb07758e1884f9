"""Agents: environments, the experience that they give, and what they do in them."""
