"""Questions that a host answers at once: predictions, samples, drafts, environments."""
