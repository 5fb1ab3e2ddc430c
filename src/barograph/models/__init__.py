"""The models: settings that fit into classifiers of sell, hold and buy."""

from barograph.models.baselines import baseline_predictions, class_frequencies, exam_baselines
from barograph.models.calibration import fit_calibration
from barograph.models.classifier import FittedModel, Fitting, Model, fit_classifier, log_loss
from barograph.models.combiner import Combination, Combiner
from barograph.models.ensemble import SoftVote, Stacking
from barograph.models.exam import sit_exams
from barograph.models.extra_trees import ExtraTrees
from barograph.models.gradient_boosting import GradientBoosting
from barograph.models.importance import feature_importance
from barograph.models.lightgbm import LightGBM
from barograph.models.logistic_regression import LogisticRegression
from barograph.models.neural_network import NeuralNetwork
from barograph.models.random_forest import RandomForest
from barograph.models.search import searched
from barograph.models.selection import Past, Selection, select_features
from barograph.models.selection_kinds import KeepAll, NearDuplicates, Recursive, Univariate
from barograph.models.selection_stability import fold_selections, kept_shares, selection_stability, selection_summary
from barograph.models.storage import check_storable, load, save
from barograph.models.study import TuningResult, tune
from barograph.models.svm import SVM
from barograph.models.tuning import StudyRows, Tuning, study_rows, tuned
from barograph.models.walk import Step, TrainingRows, fit_rows, kept_features, training_rows, walk
from barograph.models.xgboost import XGBoost

__all__ = [
    "SVM",
    "Combination",
    "Combiner",
    "ExtraTrees",
    "FittedModel",
    "Fitting",
    "GradientBoosting",
    "KeepAll",
    "LightGBM",
    "LogisticRegression",
    "Model",
    "NearDuplicates",
    "NeuralNetwork",
    "Past",
    "RandomForest",
    "Recursive",
    "Selection",
    "SoftVote",
    "Stacking",
    "Step",
    "StudyRows",
    "TrainingRows",
    "Tuning",
    "TuningResult",
    "Univariate",
    "XGBoost",
    "baseline_predictions",
    "check_storable",
    "class_frequencies",
    "exam_baselines",
    "feature_importance",
    "fit_calibration",
    "fit_classifier",
    "fit_rows",
    "fold_selections",
    "kept_features",
    "kept_shares",
    "load",
    "log_loss",
    "save",
    "searched",
    "select_features",
    "selection_stability",
    "selection_summary",
    "sit_exams",
    "study_rows",
    "training_rows",
    "tune",
    "tuned",
    "walk",
]
