"""Containers on one machine, through a Docker-compatible service."""
