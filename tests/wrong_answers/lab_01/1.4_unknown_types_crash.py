    # wrong: only areas can be new
    areas = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    return ColumnTransformer(
        [
            ("areas", areas, ["area"]),
            ("types", OrdinalEncoder(), ["use_type"]),
            ("numbers", "passthrough", list(NUMBERS)),
        ]
    )
