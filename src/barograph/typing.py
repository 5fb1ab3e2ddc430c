"""Types that many packages share: arrays, and the configuration of the settings' dataclasses."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
Ints = NDArray[np.int64]
Labels = NDArray[np.int8]  # 0 sell, 1 hold, 2 buy
Rows = NDArray[np.intp]
Mask = NDArray[np.bool_]
Dates = NDArray[np.datetime64]

# Of every class that a `_target_` names: no value is converted, no unknown key is accepted.
STRICT: Final = ConfigDict(strict=True, extra="forbid")
