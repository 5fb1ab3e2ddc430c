"""One offline HTML report, and the closing table for the terminal."""

from barograph.report.inputs import ReportInputs
from barograph.report.page import render
from barograph.report.summary import summary_table

__all__ = ["ReportInputs", "render", "summary_table"]
