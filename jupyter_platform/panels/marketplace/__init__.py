"""The marketplace: its items, the form that configures one, and what runs of them."""
