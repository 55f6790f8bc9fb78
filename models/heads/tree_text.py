"""LightGBM's own text of a model, read into arrays: one row per split, one per leaf, trees in order.

Only what deciding and explaining needs is read. What cannot be explained tree by tree is refused with its reason:
linear trees (a leaf's value depends on the row), several trees per round (more than one class) and averaged trees
(random forests).

The decisions are those of LightGBM: a row goes left where `value <= threshold`, compared in float64; a missing value
follows the split's missing type (none: it counts as 0; zero: it and every 0 take the default side; nan: it takes the
default side); a category goes left where its bit is set, a missing, negative or unknown one goes right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from features.errors import TaktError

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
_CATEGORY: Final = 1
_DEFAULT_LEFT: Final = 2
_MISSING_IS_ZERO: Final = 1
_MISSING_IS_NAN: Final = 2


class TreesRefused(TaktError):
    """A model whose trees cannot be explained by `models.heads.tree_shap`."""


@dataclass(frozen=True)
class Tree:
    """One tree; splits are numbered from 0 (the root), a child below 0 is the leaf `-1 - child`.

    Attributes
    ----------
    feature, left, right : int array, shape (n_splits,)
    threshold : float array, shape (n_splits,)
        Of a category split the number of its bit set.
    category, nan_left, zero_left : bool array, shape (n_splits,)
        Whether the split asks for categories; where a missing value goes, and a 0.
    rows : float array, shape (n_splits,)
        Training rows that came to the split; `leaf_rows`, shape (n_leaves,), those of each leaf.
    value : float array, shape (n_leaves,)
        What each leaf says.
    bits : tuple of int arrays
        Of each category split 32 categories a number, the lowest first.
    """

    feature: Ints
    left: Ints
    right: Ints
    threshold: Floats
    category: npt.NDArray[np.bool_]
    nan_left: npt.NDArray[np.bool_]
    zero_left: npt.NDArray[np.bool_]
    rows: Floats
    leaf_rows: Floats
    value: Floats
    bits: tuple[Ints, ...]

    def rows_at(self, children: Ints) -> Floats:
        """Return the training rows that came to each of the splits (from 0) or leaves (below 0)."""
        if not len(children):
            return np.zeros(0)
        split, leaf = np.maximum(children, 0), np.maximum(-1 - children, 0)
        return np.where(children >= 0, self.rows[split], self.leaf_rows[leaf])


@dataclass(frozen=True)
class Trees:
    """The trees of a model and the number of features that its rows have."""

    n_features: int
    trees: tuple[Tree, ...]


def read(text: str) -> Trees:
    """Read the text that LightGBM wrote (`Booster.model_to_string`).

    Raises
    ------
    TreesRefused
        The model has linear trees, several trees per round or averaged ones, or its row counts do not add up.
    """
    head, *bodies = text.split("\nend of trees")[0].split("\nTree=")
    fields = _fields(head)
    if "max_feature_idx" not in fields:
        raise TreesRefused("no max_feature_idx in the text; expected a model as LightGBM's model_to_string writes it.")
    if "average_output" in head.split("\n"):
        raise TreesRefused("the model averages its trees (boosting rf); only sums of trees are explained: use gbdt.")
    if fields["num_tree_per_iteration"] != "1":
        raise TreesRefused(
            f"the model has {fields['num_tree_per_iteration']} trees per round (several classes); expected 1."
        )
    return Trees(int(fields["max_feature_idx"]) + 1, tuple(_tree(i, _fields(body)) for i, body in enumerate(bodies)))


def _fields(body: str) -> dict[str, str]:
    return dict(_pairs(body))


def _pairs(body: str) -> Iterator[tuple[str, str]]:
    for line in body.split("\n"):
        name, equals, said = line.partition("=")
        if equals:
            yield name, said


def _tree(number: int, fields: dict[str, str]) -> Tree:
    if fields.get("is_linear", "0") != "0":
        raise TreesRefused(
            f"tree {number} is linear: its leaves are regressions, which path-dependent SHAP values do not explain; "
            "train with linear_tree=false."
        )
    alone = int(fields["num_leaves"]) == 1
    kind, threshold = _ints(fields, "decision_type", alone), _floats(fields, "threshold", alone)
    missing, default_left, below = (kind >> 2) & 3, (kind & _DEFAULT_LEFT) != 0, threshold >= 0
    edges, words = _ints(fields, "cat_boundaries", alone), _ints(fields, "cat_threshold", alone)
    tree = Tree(
        feature=_ints(fields, "split_feature", alone),
        left=_ints(fields, "left_child", alone),
        right=_ints(fields, "right_child", alone),
        threshold=threshold,
        category=(kind & _CATEGORY) != 0,
        nan_left=np.where(missing == 0, below, default_left),
        zero_left=np.where(missing == _MISSING_IS_ZERO, default_left, below),
        rows=_floats(fields, "internal_count", alone),
        leaf_rows=_floats(fields, "leaf_count", alone),
        value=_floats(fields, "leaf_value", False),
        bits=tuple(words[a:b] for a, b in zip(edges[:-1], edges[1:], strict=True)),
    )
    _check_rows(number, tree)
    return tree


def _ints(fields: dict[str, str], name: str, alone: bool) -> Ints:
    return np.array([] if alone else fields.get(name, "").split(), dtype=np.int64)


def _floats(fields: dict[str, str], name: str, alone: bool) -> Floats:
    return np.array([] if alone else fields[name].split(), dtype=np.float64)


def _check_rows(number: int, tree: Tree) -> None:
    """Refuse a tree in which the rows of a split are not those of its two sides, or none."""
    left, right = tree.rows_at(tree.left), tree.rows_at(tree.right)
    off = (left + right != tree.rows) | (tree.rows <= 0)
    if off.any():
        i = int(np.argmax(off))
        raise TreesRefused(
            f"tree {number}, split {i}: {tree.rows[i]:.0f} rows, {left[i]:.0f} to the left and {right[i]:.0f} "
            "to the right; expected more than none, adding up. SHAP values weigh by these counts: train again."
        )
