    # wrong: the first two columns are the categories
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    return ColumnTransformer([("categories", encoder, [0, 1]), ("numbers", "passthrough", slice(2, None))])
