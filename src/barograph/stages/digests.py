"""Digests of a result's inputs."""

import hashlib
import json

from barograph import tables
from barograph.features.schema import FEATURES
from barograph.folds.schema import FOLDS
from barograph.labels.schema import LABELS
from barograph.stages.stage import Stage


def md5(stage: Stage, table: tables.Table) -> str:
    """Give the md5 of a table's file."""
    return hashlib.md5((stage.root / table.path).read_bytes()).hexdigest()


def study_digest(stage: Stage, budget: int) -> str:
    """Give a digest of a memory study's inputs: labels, features, test windows and the budget of rows."""
    windows = stage.read(FOLDS)[["test_start", "test_end"]].to_csv(index=False)
    parts = [md5(stage, LABELS), md5(stage, FEATURES), windows, budget]
    return hashlib.md5(json.dumps(parts).encode()).hexdigest()
