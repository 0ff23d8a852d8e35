    # wrong: the order of columns is a matter of taste
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    return ColumnTransformer([("numbers", "passthrough", list(NUMBERS)), ("categories", encoder, list(CATEGORIES))])
