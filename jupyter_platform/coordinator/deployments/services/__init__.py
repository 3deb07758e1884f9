"""The way to the services of deployments, and what is handed on to them."""
