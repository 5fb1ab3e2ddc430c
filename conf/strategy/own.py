"""Strategies of your own; the backtest runs again when this file changes.

`strategy_code` may name another file or folder. docs/strategies.md writes a strategy step by step. An option such as
conf/strategy/low_volatility.yaml names its class, ``_target_: conf.strategy.own.LowVolatility``, and its settings.
"""
