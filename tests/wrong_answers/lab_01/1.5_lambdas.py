    # wrong: two lambdas are shorter
    trees = HistGradientBoostingRegressor(
        categorical_features=list(range(len(CATEGORIES))),
        max_leaf_nodes=max_leaf_nodes,
        max_iter=max_iter,
        early_stopping=False,
        random_state=seed,
    )
    pipeline = Pipeline([("features", feature_step()), ("trees", trees)])
    return TransformedTargetRegressor(pipeline, func=lambda price: np.log(price), inverse_func=lambda log: np.exp(log))
