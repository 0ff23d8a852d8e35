    # wrong: learn faster
    trees = HistGradientBoostingRegressor(
        categorical_features=list(range(len(CATEGORIES))),
        max_leaf_nodes=max_leaf_nodes,
        max_iter=max_iter,
        learning_rate=0.2,
        early_stopping=False,
        random_state=seed,
    )
    pipeline = Pipeline([("features", feature_step()), ("trees", trees)])
    return TransformedTargetRegressor(pipeline, func=np.log, inverse_func=np.exp)
