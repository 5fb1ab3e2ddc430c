"""The models' common ground: the contract of fitting, training rows, search spaces, storage."""
