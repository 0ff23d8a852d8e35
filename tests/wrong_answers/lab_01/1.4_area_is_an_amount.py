    # wrong: an area is a number already, and a tree can deal with numbers
    types = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    return ColumnTransformer(
        [
            ("area", "passthrough", ["area"]),
            ("types", types, ["use_type"]),
            ("numbers", "passthrough", list(NUMBERS)),
        ]
    )
