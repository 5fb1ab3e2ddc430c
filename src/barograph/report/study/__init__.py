"""The memory study told: its answer in sentences, its page, and its closing table."""
