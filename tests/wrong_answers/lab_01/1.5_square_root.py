    # wrong: the square root tames large prices as well
    trees = HistGradientBoostingRegressor(
        categorical_features=list(range(len(CATEGORIES))),
        max_leaf_nodes=max_leaf_nodes,
        max_iter=max_iter,
        early_stopping=False,
        random_state=seed,
    )
    pipeline = Pipeline([("features", feature_step()), ("trees", trees)])
    return TransformedTargetRegressor(pipeline, func=np.sqrt, inverse_func=np.square)
