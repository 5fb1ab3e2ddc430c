"""Feature offer: which features each option of the feature study offers, and the inputs of the structural baseline."""

from barograph import tables
from barograph.feature_study import offer, structural_inputs
from barograph.feature_study.schema import OFFERED, STRUCTURAL_INPUTS
from barograph.features.schema import FEATURES
from barograph.names import KEY
from barograph.stages.stage import Stage, note, stage
from barograph.stages.structural import read_closes


@stage("feature_study.options", "label")
def main(stage: Stage) -> str:
    """List the features of every option, and lay the structural inputs out on the rows of the features."""
    catalogue = stage.read_csv("reports/features/catalogue.csv")
    offers = {option: offer(option, catalogue) for option in stage.settings["feature_study.options"]}
    for option, offered in offers.items():
        stage.write_json(OFFERED.format(option=option), offered._asdict())
        if offered.left_out:
            note(f"{option}: nothing to compare, {offered.left_out}")
    keys = tables.read(FEATURES, stage.root, columns=KEY)
    stage.write(STRUCTURAL_INPUTS, structural_inputs(*read_closes(stage), stage.build("label"), keys))
    compared = [offered for offered in offers.values() if offered.features]
    fewest, most = (limit(len(offered.features) for offered in compared) for limit in (min, max))
    return f"{len(compared)} of {len(offers)} options offer {fewest} to {most} features"


if __name__ == "__main__":
    main()
