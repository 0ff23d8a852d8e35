    # wrong: an unknown area is one more area, with a number of its own
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=999)
    return ColumnTransformer([("categories", encoder, list(CATEGORIES)), ("numbers", "passthrough", list(NUMBERS))])
