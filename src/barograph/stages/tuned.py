"""Building a model with the parameters that its tuning found."""

from typing import Any

from barograph import config
from barograph.models import Model, searched
from barograph.stages.stage import Stage
from barograph.tuning import tuned


def tuned_model(stage: Stage, name: str, settings: dict[str, Any]) -> Model:
    """Build the model and fix the parameters that tuning found; a model without open parameters needs no search."""
    model: Model = config.build(settings, f"models.{name}")
    return tuned(model, stage.read_json(f"data/tuning/{name}.json"), name) if searched(model) else model
