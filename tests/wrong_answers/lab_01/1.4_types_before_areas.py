    # wrong: the two categories are a set
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    return ColumnTransformer([("categories", encoder, ["use_type", "area"]), ("numbers", "passthrough", list(NUMBERS))])
