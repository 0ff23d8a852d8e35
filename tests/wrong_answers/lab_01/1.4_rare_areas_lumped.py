    # wrong: an area with few sales is noise
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, min_frequency=20)
    return ColumnTransformer([("categories", encoder, list(CATEGORIES)), ("numbers", "passthrough", list(NUMBERS))])
