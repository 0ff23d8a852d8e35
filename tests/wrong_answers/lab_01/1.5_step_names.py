    # wrong: steps are called after their classes
    from sklearn.pipeline import make_pipeline
    trees = HistGradientBoostingRegressor(
        categorical_features=list(range(len(CATEGORIES))),
        max_leaf_nodes=max_leaf_nodes,
        max_iter=max_iter,
        early_stopping=False,
        random_state=seed,
    )
    return TransformedTargetRegressor(make_pipeline(feature_step(), trees), func=np.log, inverse_func=np.exp)
