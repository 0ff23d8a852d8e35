    # wrong: an encoder encodes
    encoder = OrdinalEncoder()
    return ColumnTransformer([("categories", encoder, list(CATEGORIES)), ("numbers", "passthrough", list(NUMBERS))])
