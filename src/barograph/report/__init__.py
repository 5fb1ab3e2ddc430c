"""The offline HTML reports, and the closing tables for the terminal."""

from barograph.report.inputs import ReportInputs
from barograph.report.page import render
from barograph.report.study import render_study, study_summary, study_words
from barograph.report.summary import summary_table

__all__ = ["ReportInputs", "render", "render_study", "study_summary", "study_words", "summary_table"]
