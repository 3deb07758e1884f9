"""The REST API: routes that hold no logic, and the gate before them."""

from jupyter_platform.coordinator.api.app import create_app

__all__ = ["create_app"]
