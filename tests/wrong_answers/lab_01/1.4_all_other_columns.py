    # wrong: whatever is no category passes through
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    return ColumnTransformer([("categories", encoder, list(CATEGORIES))], remainder="passthrough")
