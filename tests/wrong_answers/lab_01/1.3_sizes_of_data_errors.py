        # wrong: a house of more than 10,000 square feet, or of less than 300, is a slip of the pen
        real = houses["tot_sf"].between(300, 10_000)
        per_square_foot = (np.asarray(prices, dtype=float) / houses["tot_sf"])[real]
        self.by_area_ = per_square_foot.groupby(houses["area"]).median()
        self.anywhere_ = float(per_square_foot.median())
        return self
