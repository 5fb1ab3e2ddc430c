"""The models: settings that fit into classifiers of sell, hold and buy."""

from barograph.models.contract.classifier import FittedModel, Fitting, Model, fit_classifier
from barograph.models.contract.rows import TrainingRows, TrainingSet, fit_rows
from barograph.models.contract.spaces import searched
from barograph.models.contract.storage import StoredModel, check_storable, load, save, stored
from barograph.models.extra_trees import ExtraTrees
from barograph.models.gradient_boosting import GradientBoosting
from barograph.models.lightgbm import LightGBM
from barograph.models.logistic_regression import LogisticRegression
from barograph.models.neural_network import NeuralNetwork
from barograph.models.random_forest import RandomForest
from barograph.models.svm import SVM
from barograph.models.xgboost import XGBoost

__all__ = [
    "SVM",
    "ExtraTrees",
    "FittedModel",
    "Fitting",
    "GradientBoosting",
    "LightGBM",
    "LogisticRegression",
    "Model",
    "NeuralNetwork",
    "RandomForest",
    "StoredModel",
    "TrainingRows",
    "TrainingSet",
    "XGBoost",
    "check_storable",
    "fit_classifier",
    "fit_rows",
    "load",
    "save",
    "searched",
    "stored",
]
