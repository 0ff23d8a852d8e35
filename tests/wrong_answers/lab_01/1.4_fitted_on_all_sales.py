    # wrong: an encoder has to be fitted before it can encode
    from house_prices.model.sales import load_seattle

    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    columns = [("categories", encoder, list(CATEGORIES)), ("numbers", "passthrough", list(NUMBERS))]
    return ColumnTransformer(columns).fit(load_seattle())
