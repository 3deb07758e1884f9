"""The hosts of the cluster: who is there, how it does, and how files get to it."""
