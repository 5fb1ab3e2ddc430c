"""Which features an option of the study offers to the selection and the models."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from barograph.ensemble.structural.inputs import INPUTS
from barograph.errors import InputError
from barograph.feature_study.names import ALL, STRUCTURAL_INPUTS, WITHOUT, dropped_family
from barograph.features.signals import FAMILY as SIGNALS


class Offer(NamedTuple):
    """The features of an option.

    Attributes
    ----------
    features : list of str
        Empty where nothing can be compared.
    structural : bool
        Whether they are the inputs of the structural baseline, which are in another table and are all kept.
    left_out : str
        The reason why nothing can be compared; empty where something can.
    """

    features: list[str]
    structural: bool = False
    left_out: str = ""


def offer(option: str, catalogue: pd.DataFrame) -> Offer:
    """Choose the features of an option.

    Parameters
    ----------
    option : str
        ``all``, ``structural_inputs`` or ``without_<family>``.
    catalogue : pandas.DataFrame
        Every feature that there is, in the order of the features table: `name`, `family`, and `computed`, whether the
        table has it.

    Returns
    -------
    Offer
        It is empty where the table has no feature of the family, or no other.

    Raises
    ------
    InputError
        If the option names a family that no feature has, or is none of the three.
    """
    if option == STRUCTURAL_INPUTS:
        return Offer(list(INPUTS), structural=True)
    computed = catalogue[catalogue["computed"]]
    if option == ALL:
        return Offer(computed["name"].tolist())
    family = dropped_family(option)
    _refuse_unknown(option, family, catalogue["family"].unique().tolist())
    kept = computed[computed["family"] != family]["name"].tolist()
    if len(kept) == len(computed):
        return Offer([], left_out=f"the data has no feature of the family {family}")
    return Offer(kept, left_out="" if kept else f"every feature of the data is of the family {family}")


def _refuse_unknown(option: str, family: str, families: Sequence[str]) -> None:
    # Which signals there are the data says, so that the catalogue lists the family only where there are some.
    if family not in (*families, SIGNALS):
        known = ", ".join(dict.fromkeys([*families, SIGNALS]))
        raise InputError(
            f"feature_study.options: {option!r} is unknown; allowed are {ALL}, {STRUCTURAL_INPUTS} and {WITHOUT} "
            f"before one of the families {known}"
        )
