"""Pictures and masks, and the folders that hold them."""
