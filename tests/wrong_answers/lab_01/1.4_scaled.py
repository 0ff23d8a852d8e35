    # wrong: models want scaled numbers
    from sklearn.preprocessing import StandardScaler

    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    return ColumnTransformer([("categories", encoder, list(CATEGORIES)), ("numbers", StandardScaler(), list(NUMBERS))])
