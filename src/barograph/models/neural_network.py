"""A neural network by Keras on TensorFlow."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass as plain_dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.errors import InputError
from barograph.models.contract.canonical import archived, unarchived
from barograph.models.contract.ranks import fit_on_ranks
from barograph.models.contract.settings import Count, ModelParams, ModelSettings, NotNegative, Positive
from barograph.models.contract.spaces import settled
from barograph.models.contract.storage import Format, register_format
from barograph.randomness import generator, seed_for
from barograph.typing import STRICT, Floats, Floats32, Ints

if TYPE_CHECKING:
    from keras import Sequential
    from sklearn.pipeline import Pipeline

ARCHITECTURE: Final = "network.json"
WEIGHTS: Final = "network.weights.h5"
RANKS: Final = "ranks.skops"
# Sums of 32 bits differ in the seventh digit between one row and a batch of them.
_FLOAT: Final = "float64"


class NetworkParams(ModelParams, total=False):
    """The parameters that may be set.

    `hidden_units` (32 if absent) in each of the hidden `layers` (1); `dropout` (0.5), the share of hidden units left
    out at a step; `l2` (0.01), the penalty on the squares of all coefficients; Adam's `learning_rate` (0.001); `epochs`
    (20), passes over the rows in batches of `batch_size` (128).
    """

    hidden_units: Count
    layers: Count
    dropout: Annotated[float, Field(ge=0, lt=1)]
    l2: NotNegative
    learning_rate: Positive
    epochs: Count
    batch_size: Count


_DEFAULTS: Final[dict[str, Any]] = {
    "hidden_units": 32,
    "layers": 1,
    "dropout": 0.5,
    "l2": 0.01,
    "learning_rate": 0.001,
    "epochs": 20,
    "batch_size": 128,
}


@plain_dataclass(frozen=True)
class NetworkClassifier:
    """A pipeline from features to ranks, and a network from ranks to probabilities."""

    ranks: "Pipeline"
    network: "Sequential"

    def predict_proba(self, X: Floats32, /) -> Floats:
        """Give probabilities, shape (n, classes seen)."""
        ranks = self.ranks.transform(X.astype(np.float64))
        return np.asarray(self.network(ranks, training=False), np.float64)


@dataclass(frozen=True, config=STRICT)
class NeuralNetwork(ModelSettings):
    """A small network of dense layers on ranks, trained by Adam [1]_ on weighted cross-entropy for a fixed time.

    Each feature becomes its rank among the training rows as a share, brought to mean zero; a missing value counts as
    the mean. Weights scale the losses. Every number has 64 bits and TensorFlow runs on one thread, so that the result
    depends neither on the number of cores nor on how rows are batched for prediction.

    References
    ----------
    .. [1] Kingma, D., & Ba, J. (2015). Adam: a method for stochastic optimization. ICLR.
    """

    params: NetworkParams

    def estimator(self, X: Floats32, y: Ints, sample_weight: Floats, *, seed: int) -> NetworkClassifier:
        """Train; see :func:`start_tensorflow` for what it raises."""
        start_tensorflow()
        settings = _DEFAULTS | settled(self)
        ranks = fit_on_ranks(X, y, sample_weight, scale="uniform")
        inputs = ranks.transform(X.astype(np.float64))
        units = [settings["hidden_units"]] * settings["layers"] + [int(y.max()) + 1]
        learner = _network(X.shape[1], units, dropout=settings["dropout"], l2=settings["l2"], seed=seed)
        batches = _batches(len(X), settings["batch_size"], settings["epochs"], seed)
        _train(learner, inputs, y, sample_weight, batches, settings["learning_rate"])
        network = _network(X.shape[1], units)
        network.set_weights(learner.get_weights())
        return NetworkClassifier(ranks, network)


@cache
def start_tensorflow() -> None:
    """Start TensorFlow quietly, on one thread and deterministic; to be called before anything else uses it.

    Environment variables that are set already are left as they are. Raises `InputError` if TensorFlow runs on several
    threads already, or Keras is told to use another library.
    """
    for name, value in {"TF_CPP_MIN_LOG_LEVEL": "2", "KERAS_BACKEND": "tensorflow"}.items():
        os.environ.setdefault(name, value)
    if (library := os.environ["KERAS_BACKEND"]) != "tensorflow":
        raise InputError(f"KERAS_BACKEND: {library!r}; a neural network needs 'tensorflow'")
    import tensorflow as tf

    try:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError as error:
        raise InputError(
            "neural_network: TensorFlow was started before with several threads, in whose order sums would vary; call "
            "barograph.models.neural_network.start_tensorflow() before anything else uses TensorFlow"
        ) from error
    tf.config.experimental.enable_op_determinism()


def to_files(classifier: NetworkClassifier) -> dict[str, bytes]:
    """Write the network's architecture and weights as Keras does, and the ranks as a skops archive."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / WEIGHTS
        classifier.network.save_weights(path)
        weights = path.read_bytes()
    architecture = json.dumps(_architecture(classifier.network), indent=1, sort_keys=True).encode() + b"\n"
    return {ARCHITECTURE: architecture, WEIGHTS: weights, RANKS: archived(classifier.ranks)}


def from_files(files: Mapping[str, bytes]) -> NetworkClassifier:
    """Read the network and its ranks back.

    Nothing is built from what the architecture names: a network of its sizes is built anew, and must have the same.
    Raises `InputError` if the architecture has other layers than :class:`NeuralNetwork` makes, or the ranks contain
    types that are not allowed.
    """
    start_tensorflow()
    network = _rebuilt(files[ARCHITECTURE])
    with TemporaryDirectory() as folder:
        path = Path(folder) / WEIGHTS
        path.write_bytes(files[WEIGHTS])
        network.load_weights(path)
    return NetworkClassifier(unarchived(files[RANKS], RANKS), network)


register_format(
    Format(
        NetworkClassifier,
        (ARCHITECTURE, WEIGHTS, RANKS),
        ("keras", "tensorflow", "scikit-learn", "skops"),
        to_files,
        from_files,
    )
)


def _architecture(network: "Sequential") -> Any:
    return json.loads(network.to_json())


def _rebuilt(architecture: bytes) -> "Sequential":
    try:
        found = json.loads(architecture)
        first, *dense = [layer["config"] for layer in found["config"]["layers"]]
        network = _network(first["batch_shape"][1], [layer["units"] for layer in dense])
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise InputError(f"{ARCHITECTURE}: is not the architecture of a network of dense layers") from error
    if _architecture(network) != found:
        kinds = [str(layer.get("class_name")) for layer in found["config"]["layers"]]
        raise InputError(f"{ARCHITECTURE}: layers {kinds}; allowed are dense ones alone, as training writes them")
    return network


def _network(width: int, units: Sequence[int], *, dropout: float = 0.0, l2: float = 0.0, seed: int = 0) -> "Sequential":
    import keras

    layers: list[Any] = [keras.Input((width,), dtype=_FLOAT, name="ranks")]
    for i, size in enumerate(units):
        if i and dropout:
            layers.append(keras.layers.Dropout(dropout, seed=seed_for(seed, "dropout", i), dtype=_FLOAT))
        dense = keras.layers.Dense(
            size,
            activation="relu" if i + 1 < len(units) else "softmax",
            kernel_initializer=keras.initializers.GlorotUniform(seed_for(seed, "kernel", i)),
            kernel_regularizer=keras.regularizers.L2(l2) if l2 else None,
            dtype=_FLOAT,
            name=f"dense_{i}",
        )
        layers.append(dense)
    network = keras.Sequential(layers, name="network")
    network.dtype_policy = _FLOAT
    return network


def _batches(rows: int, size: int, epochs: int, seed: int) -> Ints:
    random = generator(seed, "batches")
    size = min(size, rows)
    orders = [random.permutation(rows)[: rows // size * size] for _ in range(epochs)]
    return np.concatenate(orders).reshape(-1, size)


def _train(
    network: "Sequential", inputs: Floats, classes: Ints, weights: Floats, batches: Ints, learning_rate: float
) -> None:
    import keras
    import tensorflow as tf

    cross_entropy = keras.losses.SparseCategoricalCrossentropy(dtype=_FLOAT)
    coefficients = network.trainable_variables
    adam = keras.optimizers.Adam(learning_rate)
    adam.build(coefficients)

    def step(rows: Any, X: Any, y: Any, w: Any) -> None:
        with tf.GradientTape() as tape:
            predicted = network(tf.gather(X, rows), training=True)
            misfit = cross_entropy(tf.gather(y, rows), predicted, sample_weight=tf.gather(w, rows))
            loss = misfit + sum(network.losses)
        # Adam's `apply` would do this for every strategy of distribution, and keep the graph alive after training.
        for gradient, variable in zip(tape.gradient(loss, coefficients), coefficients, strict=True):
            adam.update_step(gradient, variable, adam.learning_rate)
        adam.iterations.assign_add(1)

    given = [tf.constant(array) for array in (inputs, classes, weights)]
    graph = tf.function(step, autograph=False).get_concrete_function(tf.constant(batches[0]), *given)
    for rows in batches:
        graph(tf.constant(rows), *given)
