"""One file of routes a resource."""
