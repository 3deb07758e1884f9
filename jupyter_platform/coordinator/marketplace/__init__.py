"""The marketplace: sources of items, their index, search and publishing."""
