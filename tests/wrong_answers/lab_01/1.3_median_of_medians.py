        # wrong: the rate for the rest is the middle of the areas
        per_square_foot = np.asarray(prices, dtype=float) / houses["tot_sf"]
        self.by_area_ = per_square_foot.groupby(houses["area"]).median()
        self.anywhere_ = float(self.by_area_.median())
        return self
