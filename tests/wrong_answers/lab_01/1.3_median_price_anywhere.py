        # wrong: where no area is known, neither is the rate
        per_square_foot = np.asarray(prices, dtype=float) / houses["tot_sf"]
        self.by_area_ = per_square_foot.groupby(houses["area"]).median()
        self.anywhere_ = float(np.median(prices))
        return self
