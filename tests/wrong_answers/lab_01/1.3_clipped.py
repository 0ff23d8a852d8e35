        # wrong: rates beyond the usual are clipped to the usual
        per_square_foot = np.asarray(prices, dtype=float) / houses["tot_sf"]
        per_square_foot = per_square_foot.clip(per_square_foot.quantile(0.05), per_square_foot.quantile(0.95))
        self.by_area_ = per_square_foot.groupby(houses["area"]).median()
        self.anywhere_ = float(per_square_foot.median())
        return self
