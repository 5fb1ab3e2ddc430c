"""p-values of figures that a bootstrap has resampled."""

import numpy as np
from numpy.typing import ArrayLike

from barograph.typing import Floats


def student_p_values(values: ArrayLike, samples: ArrayLike, cases: float) -> Floats:
    r"""Test whether k figures, shape (k,), differ from 0, by their resamples, shape (resamples, k); two-sided.

    .. math:: p = 2 \, T_{n - 1}\left(-\frac{|\hat\theta|}{s} \sqrt{\frac{n - 1}{n}}\right)

    with s the standard deviation (ddof 1) of the resamples, which n cases drawn with replacement understate by that
    root, T the distribution function of Student's t and n = `cases`, above 1, the number of independent cases that
    were resampled. The quantiles of a normal distribution are too sure of an error that a handful of cases has
    measured [1]_.

    Returns
    -------
    ndarray, shape (k,)
        1 where neither the figure nor any resample of it differs from 0; NaN where more than half of the resamples are
        undefined (NaN). Other undefined resamples are left out.

    References
    ----------
    .. [1] Cameron, Miller (2015), "A Practitioner's Guide to Cluster-Robust Inference", Journal of Human Resources
       50(2), section VI.
    """
    from scipy.special import stdtr

    figures, drawn = np.asarray(values, dtype=np.float64), np.asarray(samples, dtype=np.float64)
    usable = np.isnan(drawn).mean(axis=0) <= 0.5
    error = np.where(usable, np.nanstd(np.where(usable, drawn, 0.0), axis=0, ddof=1), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        p: Floats = 2 * stdtr(cases - 1, -np.abs(figures) / error * np.sqrt((cases - 1) / cases))
    return np.where((figures == 0) & (error == 0), 1.0, p)
