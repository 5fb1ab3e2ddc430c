"""Champion: the predictions of the model in production for the days since its promotion."""

import pandas as pd

from barograph.champion import CHAMPION, CHAMPION_PREDICTIONS, CHAMPION_STATUS, Champion, read_champion
from barograph.stages.stage import Stage, stage


@stage()
def main(stage: Stage) -> str:
    """Predict with the champion, or say why that cannot be."""
    path = stage.root / CHAMPION
    champion = read_champion(path.read_bytes(), CHAMPION) if path.is_file() else None
    state, reason = _state(champion)
    stage.write(CHAMPION_PREDICTIONS, pd.DataFrame(columns=list(CHAMPION_PREDICTIONS.columns)))
    name = None if champion is None else champion.name
    stage.write_json(CHAMPION_STATUS, {"state": state, "reason": reason, "champion": name})
    return "no champion yet" if name is None else f"{name}: {reason}"


def _state(champion: Champion | None) -> tuple[str, str]:
    if champion is None:
        return "none", ""
    return "unavailable", "models of other versions cannot be loaded"


if __name__ == "__main__":
    main()
