"""Features of your own. What this file registers is computed, audited, trained on and reported like the rest.

Each is a pure function of arrays that knows nothing from after its row; `barograph audit` finds out. For example, where
the close stands between the lowest and the highest close of 20 bars::

    import numpy as np
    from barograph.features import feature

    @feature("range_position_20", family="mine", inputs=("close",), lookback=19, range=(0.0, 1.0))
    def range_position(close):
        "(C_t - lowest) / (highest - lowest) of 20 closes."
        windows = np.lib.stride_tricks.sliding_window_view(close, 20)
        low, high = windows.min(axis=1), windows.max(axis=1)
        return np.concatenate([np.full(19, np.nan), (close[19:] - low) / (high - low)])
"""
