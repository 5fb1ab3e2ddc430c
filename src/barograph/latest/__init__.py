"""What the models in service say of the newest days."""

from barograph.latest.days import after_training, predict_days

__all__ = ["after_training", "predict_days"]
