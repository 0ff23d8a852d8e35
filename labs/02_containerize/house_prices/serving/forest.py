"""Ask all trees of a model at once.

scikit-learn asks one tree after the other and lets go of the interpreter's lock at each. With some tens of threads that
want it, a batch waits for it a hundred times; and before the first tree, a millisecond goes into checking a matrix that
is known to be good. Here the trees lie one behind the other in flat arrays, as those who convert such models (ONNX,
treelite) lay them out, and all rows go down all trees together. The sum is taken in scikit-learn's order, so the answer
is the same to the last bit: `agrees` says whether it is, and whoever uses this asks that first.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor

Matrix = NDArray[np.float64]
MISSING = 255  # no category has this code: the bins of the trees end at 254


class Forest:
    """The trees of a fitted regressor whose categories come as the codes 0, 1, 2 … in its first columns.

    Parameters
    ----------
    model : what is read of it is not part of scikit-learn's public interface.

    Raises
    ------
    AttributeError, KeyError, ValueError : this scikit-learn keeps its trees in another way.
    """

    def __init__(self, model: HistGradientBoostingRegressor) -> None:
        trees = [tree for (tree,) in model._predictors]
        sizes = [len(tree.nodes) for tree in trees]
        nodes = np.concatenate([tree.nodes for tree in trees])
        self._roots = _starts(sizes)
        self._leaf = nodes["is_leaf"].astype(bool)
        first = np.repeat(self._roots, sizes)
        # The children of node k are at 2 k (right) and at 2 k + 1 (left).
        self._children = np.column_stack([nodes["right"] + first, nodes["left"] + first]).ravel().astype(np.intp)
        self._column = nodes["feature_idx"].astype(np.intp)
        self._threshold, self._value = nodes["num_threshold"].copy(), nodes["value"].copy()
        self._missing_goes_left = nodes["missing_go_to_left"].astype(bool)
        self._asks_category = nodes["is_categorical"].astype(bool)
        bits = [tree.raw_left_cat_bitsets for tree in trees]
        self._bits_of = nodes["bitset_idx"] + np.repeat(_starts([len(each) for each in bits]), sizes)
        packed = np.ascontiguousarray(np.concatenate(bits)).view(np.uint8)
        self._goes_left = np.unpackbits(packed, axis=1, bitorder="little").astype(bool)
        (self._baseline,) = model._baseline_prediction.ravel()

    def predict(self, matrix: Matrix) -> NDArray[np.float64]:
        """Return the sum of the leaves that each row comes to, shape (n_rows,); a missing value is NaN."""
        rows, columns = matrix.shape
        values = matrix.ravel()
        reached = np.tile(self._roots, rows)
        at, way = np.arange(reached.size), reached
        row = np.repeat(np.arange(0, values.size, columns), self._roots.size)
        while True:
            inner = np.flatnonzero(~self._leaf[way])
            at, way, row = at[inner], way[inner], row[inner]
            if not at.size:
                break
            way = self._children[2 * way + self._turns_left(way, values[row + self._column[way]])]
            reached[at] = way
        terms = np.empty((rows, self._roots.size + 1))
        terms[:, 0], terms[:, 1:] = self._baseline, self._value[reached].reshape(rows, -1)
        total: NDArray[np.float64] = np.add.accumulate(terms, axis=1)[:, -1]  # one after the other, as in scikit-learn
        return total

    def agrees(self, model: HistGradientBoostingRegressor, matrix: Matrix) -> bool:
        """Say whether it gives for each row what the model gives, bit for bit."""
        return np.array_equal(self.predict(matrix), model.predict(matrix))

    def _turns_left(self, nodes: NDArray[np.intp], values: NDArray[np.float64]) -> NDArray[np.bool_]:
        left: NDArray[np.bool_] = values <= self._threshold[nodes]
        asking = np.flatnonzero(self._asks_category[nodes])
        codes = np.nan_to_num(values[asking], nan=MISSING).astype(np.intp)
        left[asking] = self._goes_left[self._bits_of[nodes[asking]], codes]
        missing = np.flatnonzero(np.isnan(values))
        left[missing] = self._missing_goes_left[nodes[missing]]
        return left


def _starts(sizes: Any) -> NDArray[np.intp]:
    """Return where each of several arrays begins when they lie one behind the other."""
    return np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.intp)
