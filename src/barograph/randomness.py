"""Random numbers: one generator per purpose, derived from the configured seed and nothing else."""

import hashlib

import numpy as np


def seed_for(seed: int, *purpose: str | int) -> int:
    """Derive the seed of one purpose.

    Parameters
    ----------
    seed : int
        The configured seed.
    *purpose : str or int
        What the numbers are for, from general to particular, such as ``("train", "lightgbm", 3)``.

    Returns
    -------
    int
        In [0, 2**31), a function of the arguments alone: the same in every process and on every machine.
    """
    text = "/".join(map(str, (seed, *purpose)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1


def generator(seed: int, *purpose: str | int) -> np.random.Generator:
    """Give the generator of one purpose; see :func:`seed_for`."""
    return np.random.default_rng(seed_for(seed, *purpose))
