"""What the memory study calls its options in sentences."""

from typing import Final

# The options of conf/memory as the subject of a sentence, and what they are; any other is called by its name.
_SUBJECTS: Final = {
    "expanding": "an expanding window",
    "recency": "an expanding window whose rows fade",
    "archive": "the archive",
    "archive_detected": "the archive of detected events alone",
    "placebo": "the placebo",
    "balanced": "balancing the regimes",
    "weighted": "weighting by regime and uniqueness",
    "replay": "replay of errors",
    "reference": "the reference, with every part on,",
    "hybrid": "the hybrid memory",
}
MEANINGS: Final = {
    "none": "a rolling window and nothing else",
    "expanding": "all history, evenly",
    "recency": "all history, fading with age",
    "archive": "the rolling window, and a share of the rows from rare events, named and detected",
    "archive_detected": "as archive, from detected events alone: none was chosen with hindsight",
    "placebo": "as archive, but the share is drawn at random from the same past outside any event",
    "balanced": "as archive, and the regimes brought to fixed shares",
    "weighted": "as balanced, and rows weighted by regime and uniqueness",
    "replay": "as weighted, and each model's worst errors shown to it again",
    "reference": "every part on, with fewer archive rows, of named events alone: the settings put to the test",
    "hybrid": "all history, and a share of the rows from rare events, weighted by uniqueness alone",
}
_TARGETS: Final = {
    "none": "the rolling window alone",
    "expanding": "the expanding window",
    "placebo": "its placebo",
    "archive": "the archive",
    "balanced": "the archive, balanced",
    "weighted": "the archive, balanced and weighted",
}


def subject(option: str) -> str:
    """Name an option as a sentence's subject."""
    return _SUBJECTS.get(option, f"the option {option}")


def called(option: str) -> str:
    """Name an option in a list."""
    return option.replace("_", " ")


def target(reference: str) -> str:
    """Name a reference as a sentence's object."""
    return _TARGETS.get(reference, f"the option {reference}")
