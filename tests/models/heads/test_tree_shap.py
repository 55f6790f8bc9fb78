from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from math import factorial
from typing import Any

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import SchemaMismatch
from models.heads.tree_program import rule
from models.heads.tree_shap import ROWS_AT_ONCE, TreeShap
from models.heads.tree_text import Tree, TreesRefused, read
from models.heads.tree_walk import explain

NEAR = 1e-9


def made(seed: int, *, rows: int = 400, features: int = 5, missing: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """Numbers, counts with many zeros, and a category in the last column; the label depends on all of them."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, features))
    x[:, 0] = rng.poisson(0.7, rows)
    x[:, -1] = rng.integers(0, 40, rows)
    y = x[:, 0] * x[:, 1] + np.sin(x[:, -1]) + x.mean(axis=1) + rng.normal(size=rows) * 0.3
    x[rng.random(x.shape) < missing] = np.nan
    return x, y


def fitted(x: np.ndarray, y: np.ndarray, *, trees: int = 8, categories: bool = True, **how: Any) -> lightgbm.Booster:
    asked = {
        "num_leaves": 12, "learning_rate": 0.3, "min_data_in_leaf": 3, "min_data_per_group": 5, "cat_smooth": 1.0,
        "max_cat_to_onehot": 2, "verbosity": -1, "num_threads": 1, **how,
    }  # fmt: skip
    category = [x.shape[1] - 1] if categories else []
    return lightgbm.train(asked, lightgbm.Dataset(x, y, categorical_feature=category, params={"verbosity": -1}), trees)


def check(model: lightgbm.Booster, x: np.ndarray) -> np.ndarray:
    """Compare with LightGBM's own values, and each row's sum with its raw score."""
    values = TreeShap.of(model.model_to_string()).values(x)
    np.testing.assert_allclose(values, model.predict(x, pred_contrib=True, num_threads=1), rtol=0, atol=NEAR)
    np.testing.assert_allclose(
        values.sum(axis=1), model.predict(x, raw_score=True, num_threads=1), rtol=NEAR, atol=NEAR
    )
    return values


def odd(x: np.ndarray) -> np.ndarray:
    """Rows that training never saw: each value in each column, the others as in a known row."""
    said = (np.nan, 0.0, -0.0, 1e-36, -1e-36, 1e-35, 2e-35, -2e-35, -0.5, -1.0, 0.7, 39.9, 64.0, 2.0**31, 3e38,
            -3e38, np.inf, -np.inf)  # fmt: skip
    rows = np.repeat(x[:1], len(said) * x.shape[1], axis=0)
    for i, value in enumerate(said):
        for j in range(x.shape[1]):
            rows[i * x.shape[1] + j, j] = value
    return np.vstack([rows, np.full((1, x.shape[1]), np.nan), np.zeros((1, x.shape[1]))])


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10_000),
    leaves=st.integers(2, 45),
    features=st.integers(2, 14),
    missing=st.sampled_from([0.0, 0.2]),
    how=st.fixed_dictionaries(
        {"zero_as_missing": st.booleans(), "use_missing": st.booleans(), "max_depth": st.sampled_from([-1, 1, 3]),
         "objective": st.sampled_from(["regression", "huber"]), "bagging_fraction": st.sampled_from([1.0, 0.6]),
         "bagging_freq": st.just(1)}
    ),
    dtype=st.sampled_from([np.float32, np.float64]),
)  # fmt: skip
def test_values_are_those_of_lightgbm_and_sum_to_the_raw_score(
    seed: int, leaves: int, features: int, missing: float, how: dict[str, Any], dtype: Any
) -> None:
    x, y = made(seed, rows=300, features=features, missing=missing)
    check(fitted(x, y, trees=4, num_leaves=leaves, **how), np.vstack([x[:40], odd(x)]).astype(dtype))


@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize("how", [{}, {"zero_as_missing": True}, {"use_missing": False}], ids=str)
def test_values_that_training_never_saw_go_where_lightgbm_sends_them(missing: float, how: dict[str, bool]) -> None:
    x, y = made(1, missing=missing)
    model = fitted(x, y, **how)
    kinds = {kind for tree in read(model.model_to_string()).trees for kind in tree.category}
    assert kinds == {False, True}
    check(model, odd(x))


def test_a_threshold_is_compared_in_float64() -> None:
    x = np.repeat(np.array([0.1, 0.3]), 50)[:, None]
    model = fitted(x, (x[:, 0] > 0.2).astype(float), categories=False, num_leaves=2, trees=1)
    threshold = float(read(model.model_to_string()).trees[0].threshold[0])
    near = np.array([[threshold], [np.nextafter(threshold, 1)], [np.nextafter(threshold, 0)]])
    assert len(set(check(model, near)[:, 0])) == 2
    check(model, near.astype(np.float32))


def test_the_same_feature_many_times_on_one_way_down() -> None:
    x, y = made(2, rows=600, features=2)
    model = fitted(x, y, num_leaves=60, min_data_in_leaf=1)
    assert max(np.bincount(tree.feature).max() for tree in read(model.model_to_string()).trees) > 10
    check(model, np.vstack([x, odd(x)]))


def chain(features: int) -> tuple[lightgbm.Booster, np.ndarray]:
    """Each split takes one more unit vector away from the rest: a way down asks for nearly every feature."""
    x = np.repeat(np.eye(features), 4, axis=0)
    model = fitted(
        x, np.repeat(2.0 ** -np.arange(features), 4), categories=False, trees=1, num_leaves=features,
        min_data_in_leaf=1, min_sum_hessian_in_leaf=0.0, min_data_in_bin=1,
    )  # fmt: skip
    return model, x[::4]


def test_long_ways_down_are_exact() -> None:
    model, x = chain(20)
    values = check(model, x)
    (tree,) = read(model.model_to_string()).trees
    for row in (0, 11):
        np.testing.assert_allclose(values[row, :-1], [float(v) for v in _in_fractions(tree, x[row])], atol=1e-15)


def test_ways_down_on_which_lightgbm_itself_loses_its_digits_still_sum_to_the_raw_score() -> None:
    model, x = chain(70)
    shap = TreeShap.of(model.model_to_string())
    assert shap.program.depth == 68
    np.testing.assert_allclose(shap.values(x).sum(axis=1), model.predict(x, raw_score=True), rtol=0, atol=1e-14)


def _in_fractions(tree: Tree, row: np.ndarray) -> list[Fraction]:
    """The values as exact integrals of products of (z + (o - z) t), one leaf after the other."""
    out = [Fraction(0)] * len(row)
    todo: list[tuple[int, dict[int, tuple[Fraction, Fraction]]]] = [(0, {})]
    while todo:
        node, way = todo.pop()
        if node < 0:
            for feature, (o, z) in way.items():
                product = [Fraction(float(tree.value[-1 - node]))]
                for o_other, z_other in (way[f] for f in way if f != feature):
                    longer, slope = [*product, Fraction(0)], o_other - z_other
                    product = [z_other * c + slope * (longer[k - 1] if k else 0) for k, c in enumerate(longer)]
                out[feature] += (o - z) * sum(c / (k + 1) for k, c in enumerate(product))
            continue
        feature, left = int(tree.feature[node]), bool(row[tree.feature[node]] <= tree.threshold[node])
        for child, taken in ((int(tree.left[node]), left), (int(tree.right[node]), not left)):
            share = Fraction(int(tree.rows_at(np.array([child]))[0]), int(tree.rows[node]))
            o, z = way.get(feature, (Fraction(1), Fraction(1)))
            todo.append((child, {**way, feature: (o * taken, z * share)}))
    return out


def test_a_constant_model_says_its_constant() -> None:
    x, _ = made(3)
    values = check(fitted(x, np.full(len(x), 2.5), trees=3), x[:5])
    np.testing.assert_allclose(values[:, -1], 2.5)
    assert not values[:, :-1].any()


def test_trees_of_one_leaf_stand_beside_others() -> None:
    x, y = made(4)
    # after some rounds nothing is left to gain, and LightGBM writes a tree of one leaf
    text = fitted(x, y, trees=2).model_to_string()
    alone = "Tree=2\nnum_leaves=1\nnum_cat=0\nsplit_feature=\nsplit_gain=\nthreshold=\ndecision_type=\nleft_child=\n"
    alone += "right_child=\nleaf_value=0.25\nleaf_weight=\nleaf_count=\ninternal_value=\ninternal_weight=\n"
    alone += "internal_count=\nis_linear=0\nshrinkage=1\n\n\n"
    text = text.replace("end of trees", alone + "end of trees")
    sizes = next(line for line in text.split("\n") if line.startswith("tree_sizes="))
    check(lightgbm.Booster(model_str=text.replace(sizes, f"{sizes} {len(alone)}")), x[:20])


def test_a_feature_that_no_split_asks_for_adds_exactly_nothing() -> None:
    x, y = made(5)
    x[:, 2] = 1.0
    assert not check(fitted(x, y), x)[:, 2].any()


@pytest.mark.parametrize("rows", [1, 2, ROWS_AT_ONCE - 1, ROWS_AT_ONCE, ROWS_AT_ONCE + 1, 1100])
def test_a_row_alone_gets_the_same_bits_as_in_any_batch_on_any_threads(rows: int) -> None:
    x, y = made(6, rows=1100)
    shap = TreeShap.of(fitted(x, y, num_leaves=31).model_to_string())
    whole = shap.values(x)
    assert shap.values(x[:rows]).tobytes() == whole[:rows].tobytes()
    assert shap.values(x[:rows], threads=2).tobytes() == whole[:rows].tobytes()
    assert (
        shap.values(np.asfortranarray(x[:rows][::-1])).tobytes() == np.ascontiguousarray(whole[:rows][::-1]).tobytes()
    )
    for row in (0, rows - 1):
        assert shap.values(x[[row]]).tobytes() == whole[row].tobytes()


@pytest.mark.parametrize("block", [1, 3, 64, 1000])
def test_the_size_of_a_block_changes_no_bit(block: int) -> None:
    x, y = made(7)
    shap = TreeShap.of(fitted(x, y).model_to_string())
    p, out = shap.program, np.zeros((len(x), x.shape[1]))
    explain(x, (p.numbers, p.words, p.bits, p.steps, p.start, p.points, p.at, p.weight, p.depth), block, out)
    assert out.tobytes() == np.ascontiguousarray(shap.values(x)[:, :-1]).tobytes()


def test_the_same_text_gives_the_same_program() -> None:
    x, y = made(8)
    text = fitted(x, y).model_to_string()
    one, two = TreeShap.of(text).program, TreeShap.of(text).program
    assert all(np.array_equal(getattr(one, name), getattr(two, name)) for name in vars(one))


def test_values_are_shapley_values_of_the_game_that_follows_known_features() -> None:
    """The definition itself, coalition by coalition; unknown features follow the training rows at each split."""
    x, y = made(9, features=4)
    model = fitted(x, y, trees=3, categories=False)
    trees = read(model.model_to_string()).trees
    for row in x[:6]:
        np.testing.assert_allclose(
            TreeShap.of(model.model_to_string()).values(row[None])[0, :-1],
            sum(_shapley(tree, row) for tree in trees), atol=1e-12,
        )  # fmt: skip


def _shapley(tree: Tree, row: np.ndarray) -> np.ndarray:
    n = len(row)
    out = np.zeros(n)
    for feature in range(n):
        others = [f for f in range(n) if f != feature]
        for size in range(n):
            weight = factorial(size) * factorial(n - size - 1) / factorial(n)
            for known in combinations(others, size):
                out[feature] += weight * (_expected(tree, row, {*known, feature}) - _expected(tree, row, set(known)))
    return out


def _expected(tree: Tree, row: np.ndarray, known: set[int], node: int = 0) -> float:
    if node < 0:
        return float(tree.value[-1 - node])
    left, right = int(tree.left[node]), int(tree.right[node])
    value = row[tree.feature[node]]
    if tree.feature[node] in known:
        goes_left = tree.nan_left[node] if np.isnan(value) else value <= tree.threshold[node]
        return _expected(tree, row, known, left if goes_left else right)
    share = tree.rows_at(np.array([left]))[0] / tree.rows[node]
    return share * _expected(tree, row, known, left) + (1 - share) * _expected(tree, row, known, right)


@pytest.mark.parametrize("points", [1, 2, 3, 8, 30])
def test_a_rule_integrates_every_power_that_it_promises(points: int) -> None:
    at, weight = rule(points)
    for power in range(2 * points):
        assert weight @ at**power == pytest.approx(1 / (power + 1), abs=1e-15)


def test_no_rows_give_no_values() -> None:
    x, y = made(10)
    assert TreeShap.of(fitted(x, y).model_to_string()).values(x[:0]).shape == (0, x.shape[1] + 1)


def test_rows_of_another_width_are_refused() -> None:
    x, y = made(10)
    with pytest.raises(SchemaMismatch, match=r"rows of shape \(400, 4\); expected \(rows, 5\)"):
        TreeShap.of(fitted(x, y).model_to_string()).values(x[:, :4])


def _rows_that_do_not_add_up(text: str) -> str:
    line = next(line for line in text.split("\n") if line.startswith("internal_count="))
    return text.replace(line, line.replace("=400", "=401"), 1)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"linear_tree": True}, r"tree \d is linear.*train with linear_tree=false"),
        ({"objective": "multiclass", "num_class": 3}, r"3 trees per round \(several classes\); expected 1"),
        ({"boosting": "rf", "bagging_fraction": 0.5, "bagging_freq": 1}, "averages its trees"),
    ],
    ids=["linear", "classes", "averaged"],
)
def test_what_cannot_be_explained_tree_by_tree_is_refused(how: dict[str, Any], says: str) -> None:
    x, y = made(11, missing=0.0)
    label = np.digitize(y, np.quantile(y, [0.3, 0.6])).astype(float) if "num_class" in how else y
    text = fitted(x, label, categories=False, trees=3, **how).model_to_string()
    with pytest.raises(TreesRefused, match=says):
        TreeShap.of(text)


def test_counts_that_do_not_add_up_and_other_texts_are_refused() -> None:
    x, y = made(12)
    text = fitted(x, y).model_to_string()
    with pytest.raises(TreesRefused, match=r"tree 0, split 0: 401 rows, \d+ to the left and \d+ to the right"):
        TreeShap.of(_rows_that_do_not_add_up(text))
    with pytest.raises(TreesRefused, match="no max_feature_idx in the text"):
        TreeShap.of("{}")
