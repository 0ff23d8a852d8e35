        # wrong: the median price of the area's houses
        prices = pd.Series(np.asarray(prices, dtype=float), index=houses.index)
        self.by_area_ = prices.groupby(houses["area"]).median()
        self.anywhere_ = float(prices.median())
        return self
