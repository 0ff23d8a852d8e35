    # wrong: there are two types, so one question tells them apart
    from sklearn.preprocessing import OneHotEncoder

    areas = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    types = OneHotEncoder(drop="if_binary", handle_unknown="ignore", sparse_output=False)
    return ColumnTransformer(
        [
            ("areas", areas, ["area"]),
            ("types", types, ["use_type"]),
            ("numbers", "passthrough", list(NUMBERS)),
        ]
    )
