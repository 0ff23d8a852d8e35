        # wrong: for the rest an average will do
        per_square_foot = np.asarray(prices, dtype=float) / houses["tot_sf"]
        self.by_area_ = per_square_foot.groupby(houses["area"]).median()
        self.anywhere_ = float(per_square_foot.mean())
        return self
