    # wrong: an area is a code of 1 to 999, so all of them are known
    known = [range(1, 1000), ("sfr", "townhouse")]
    encoder = OrdinalEncoder(categories=known, handle_unknown="use_encoded_value", unknown_value=np.nan)
    return ColumnTransformer([("categories", encoder, list(CATEGORIES)), ("numbers", "passthrough", list(NUMBERS))])
