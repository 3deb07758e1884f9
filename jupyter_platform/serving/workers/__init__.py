"""Processes that hold a module: a pool of them for predictions, one for each training."""
