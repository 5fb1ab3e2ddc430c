"""The offline HTML reports, and the closing tables for the terminal."""

from barograph.report.page import render
from barograph.report.results import Results
from barograph.report.study.page import render_study, study_summary, study_words
from barograph.report.summary import summary_table

__all__ = ["Results", "render", "render_study", "study_summary", "study_words", "summary_table"]
