"""What every model shares: the contract of fitting, training rows, search spaces, storage."""
