    # wrong: the figure is a median of absolute errors, so fit that
    trees = HistGradientBoostingRegressor(
        categorical_features=list(range(len(CATEGORIES))),
        max_leaf_nodes=max_leaf_nodes,
        max_iter=max_iter,
        loss="absolute_error",
        early_stopping=False,
        random_state=seed,
    )
    pipeline = Pipeline([("features", feature_step()), ("trees", trees)])
    return TransformedTargetRegressor(pipeline, func=np.log, inverse_func=np.exp)
