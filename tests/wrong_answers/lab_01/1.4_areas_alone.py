    # wrong: only areas grow, and types of house are two
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    types = OrdinalEncoder()
    return ColumnTransformer(
        [("areas", encoder, ["area"]), ("types", types, ["use_type"]), ("numbers", "passthrough", list(NUMBERS))]
    )
