    # wrong: the columns stand in the order of FEATURES
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    return ColumnTransformer([("categories", encoder, [0, 1]), ("numbers", "passthrough", list(range(2, 12)))])
