"""Public files: fetched, checked against their digest, unpacked."""
