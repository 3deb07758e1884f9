"""Makes the fixtures that start a Jupyter server known to all tests."""

pytest_plugins = ["pytest_jupyter.jupyter_server"]
