"""The catalogue: metadata of items, their search, and what pages and documents show of them."""
