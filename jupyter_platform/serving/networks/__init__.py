"""Networks of the repository as a service: prepared as in training, predicted in batches."""
