"""The models: settings that fit into classifiers of sell, hold and buy."""

from barograph.models.baselines import baseline_predictions, class_frequencies
from barograph.models.classifier import FittedModel, Fitting, Model, fit_classifier
from barograph.models.ensemble import SoftVote
from barograph.models.lightgbm import LightGBM
from barograph.models.logistic_regression import LogisticRegression
from barograph.models.random_forest import RandomForest
from barograph.models.storage import load, save
from barograph.models.walk import final_model, training_rows, walk

__all__ = [
    "FittedModel",
    "Fitting",
    "LightGBM",
    "LogisticRegression",
    "Model",
    "RandomForest",
    "SoftVote",
    "baseline_predictions",
    "class_frequencies",
    "final_model",
    "fit_classifier",
    "load",
    "save",
    "training_rows",
    "walk",
]
