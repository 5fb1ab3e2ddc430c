"""The equations of simulated markets: the economy that all stocks share, the stocks, facts, signals and bad data."""

from barograph.market.simulation.economy import CRASH, REBOUND, simulate_economy
from barograph.market.simulation.events import simulate_events
from barograph.market.simulation.facts import simulate_facts
from barograph.market.simulation.faults import BadData, plant_bad_data
from barograph.market.simulation.foresight import foresee
from barograph.market.simulation.presets import PRESETS, PresetName, simulate_preset_closes, simulate_preset_economy
from barograph.market.simulation.stocks import simulate_closes
from barograph.market.simulation.tables import to_tables

__all__ = [
    "CRASH",
    "PRESETS",
    "REBOUND",
    "BadData",
    "PresetName",
    "foresee",
    "plant_bad_data",
    "simulate_closes",
    "simulate_economy",
    "simulate_events",
    "simulate_facts",
    "simulate_preset_closes",
    "simulate_preset_economy",
    "to_tables",
]
