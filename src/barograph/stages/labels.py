"""Labels: the barrier that each bar's future meets first, when it is known, and how unique it is."""

from barograph.labels import label_bars
from barograph.labels.schema import LABELS
from barograph.market.schema import BARS
from barograph.names import CLASSES
from barograph.stages.stage import Stage, stage


@stage("label")
def main(stage: Stage) -> str:
    """Label every bar whose horizon is complete."""
    labels = label_bars(stage.read(BARS), stage.build("label"))
    stage.write(LABELS, labels)
    shares = labels["label"].value_counts(normalize=True)
    return f"{len(labels):,} labels: " + ", ".join(f"{name} {shares.get(i, 0):.0%}" for i, name in enumerate(CLASSES))


if __name__ == "__main__":
    main()
