"""What the headline expects of its newest days, as the report tells it."""

import pandas as pd
import pytest

from barograph.report import Results, render
from barograph.report.parts import expected

from .synthetic import replaced

COLUMNS = list(expected.EXPECTED.columns)
ROWS = [
    ("ensemble", "all", 14, 1.0389, 4012, 0.9948, 0.9835),
    ("ensemble", "normal", 14, 1.0389, 3000, 0.99, 0.98),
    ("ensemble", "crash", 0, float("nan"), 126, 0.9423, 0.9223),
    ("lightgbm", "all", 14, 0.5, 4012, 0.5, 0.5),
]
TABLE = pd.DataFrame(ROWS, columns=COLUMNS)


@pytest.fixture
def told(results: Results) -> Results:
    return replaced(results, expected=TABLE)


def test_the_heading_says_the_headlines_figures(told: Results) -> None:
    assert expected.heading(TABLE.to_dict("records")[0]) == (
        "Of its last 14 days, whose labels have not matured, the headline expects a log loss of 1.039; of the days "
        "with labels it expected 0.995, and it was 0.984"
    )
    heading, table = expected.blocks(told)
    assert heading.text.startswith("Of its last 14 days")
    assert [row.name for row in table.rows] == ["All days", "Normal", "Crash"]
    assert [cell.text for cell in table.rows[2].cells] == ["0", "\N{EN DASH}", "126", "0.942", "0.922"]


def test_it_is_on_the_page(told: Results, results: Results) -> None:
    assert 'id="expected-table"' in render(told)
    assert 'id="expected-table"' not in render(results)
