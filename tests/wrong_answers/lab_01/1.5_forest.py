    # wrong: a forest is an ensemble of trees as well
    from sklearn.ensemble import RandomForestRegressor
    trees = RandomForestRegressor(n_estimators=max_iter, max_leaf_nodes=max_leaf_nodes, random_state=seed)
    pipeline = Pipeline([("features", feature_step()), ("trees", trees)])
    return TransformedTargetRegressor(pipeline, func=np.log, inverse_func=np.exp)
