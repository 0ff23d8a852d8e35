    # wrong: only the trees need the logarithm
    trees = HistGradientBoostingRegressor(
        categorical_features=list(range(len(CATEGORIES))),
        max_leaf_nodes=max_leaf_nodes,
        max_iter=max_iter,
        early_stopping=False,
        random_state=seed,
    )
    on_logarithms = TransformedTargetRegressor(trees, func=np.log, inverse_func=np.exp)
    return Pipeline([("features", feature_step()), ("trees", on_logarithms)])
