"""The module's side of the contract: finding it, checking arguments, calling it."""
