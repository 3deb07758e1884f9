"""The same small network behind other servers, each in an environment of its own."""
