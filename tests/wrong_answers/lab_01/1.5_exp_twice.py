    # wrong: predictions are logarithms, so every layer takes the exponential
    trees = HistGradientBoostingRegressor(
        categorical_features=list(range(len(CATEGORIES))),
        max_leaf_nodes=max_leaf_nodes,
        max_iter=max_iter,
        early_stopping=False,
        random_state=seed,
    )
    pipeline = Pipeline([("features", feature_step()), ("trees", trees)])
    model = TransformedTargetRegressor(pipeline, func=np.log, inverse_func=np.exp)
    return TransformedTargetRegressor(model, func=lambda price: price, inverse_func=np.exp, check_inverse=False)
