"""What each kind of job asks of its submissions; the records of kinds are `core.kinds`."""
