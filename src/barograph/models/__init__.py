"""The models: settings that fit into classifiers of sell, hold and buy."""

from barograph.models.baselines import baseline_predictions, class_frequencies
from barograph.models.calibration import fit_calibration
from barograph.models.classifier import FittedModel, Fitting, Model, fit_classifier
from barograph.models.combiner import Combination, Combiner
from barograph.models.ensemble import SoftVote, Stacking
from barograph.models.extra_trees import ExtraTrees
from barograph.models.gradient_boosting import GradientBoosting
from barograph.models.importance import feature_importance
from barograph.models.lightgbm import LightGBM
from barograph.models.logistic_regression import LogisticRegression
from barograph.models.neural_network import NeuralNetwork
from barograph.models.random_forest import RandomForest
from barograph.models.search import searched
from barograph.models.storage import check_storable, load, save
from barograph.models.study import TuningResult, tune
from barograph.models.svm import SVM
from barograph.models.tuning import StudyRows, Tuning, study_rows, tuned
from barograph.models.walk import Step, TrainingRows, fit_rows, training_rows, walk
from barograph.models.xgboost import XGBoost

__all__ = [
    "SVM",
    "Combination",
    "Combiner",
    "ExtraTrees",
    "FittedModel",
    "Fitting",
    "GradientBoosting",
    "LightGBM",
    "LogisticRegression",
    "Model",
    "NeuralNetwork",
    "RandomForest",
    "SoftVote",
    "Stacking",
    "Step",
    "StudyRows",
    "TrainingRows",
    "Tuning",
    "TuningResult",
    "XGBoost",
    "baseline_predictions",
    "check_storable",
    "class_frequencies",
    "feature_importance",
    "fit_calibration",
    "fit_classifier",
    "fit_rows",
    "load",
    "save",
    "searched",
    "study_rows",
    "training_rows",
    "tune",
    "tuned",
    "walk",
]
