    # wrong: there are two types of house, 0 and 1
    trees = HistGradientBoostingRegressor(
        categorical_features=[0],
        max_leaf_nodes=max_leaf_nodes,
        max_iter=max_iter,
        early_stopping=False,
        random_state=seed,
    )
    pipeline = Pipeline([("features", feature_step()), ("trees", trees)])
    return TransformedTargetRegressor(pipeline, func=np.log, inverse_func=np.exp)
