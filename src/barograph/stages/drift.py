"""Drift: the changes between each test window and its past, false alarms controlled."""

from barograph.drift import drift_metrics, measure_drift
from barograph.features.schema import FEATURES
from barograph.folds.schema import FOLDS
from barograph.regimes.schema import REGIME_SERIES
from barograph.stages.machine import cache
from barograph.stages.predictors import read_predictors
from barograph.stages.stage import Stage, stage


@stage("model_names", "drift", "seed")
def main(stage: Stage) -> str:
    """Compare features, regimes and predictions of every test window with its past."""
    catalogue = stage.read_csv("reports/features/catalogue.csv")
    settings = stage.build("drift")
    result = measure_drift(
        stage.read(FEATURES),
        stage.read(REGIME_SERIES),
        read_predictors(stage),
        stage.read(FOLDS),
        dict(zip(catalogue["name"], catalogue["family"], strict=True)),
        settings,
        stage.settings["seed"],
        cache(settings, None, "drift/*.py"),
    )
    for name in ("features", "regimes", "regime_shares", "predictions"):
        stage.write_csv(f"reports/drift/{name}.csv", getattr(result, name))
    found = drift_metrics(result)
    stage.write_json("reports/metrics/drift.json", found)
    features, regimes = found["features"], found["regimes"]
    median = features["detectable_ks_median"]
    detectable = "no move" if median is None else f"a KS statistic above {median:.2f}"
    return (
        f"{features['moved']:,} of {features['tested']:,} feature-years moved, {features['alarms']:,} alarms that "
        f"lasted; {detectable} could be told from chance (median feature-year); regimes moved in {regimes['moved']} of "
        f"{regimes['tested']} years"
    )


if __name__ == "__main__":
    main()
