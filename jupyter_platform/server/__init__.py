"""The part of the platform that lives in the Jupyter server: a gateway that holds no state."""
