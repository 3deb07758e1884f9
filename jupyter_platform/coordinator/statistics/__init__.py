"""Samples of hosts and work over time, and the state of the whole platform."""
