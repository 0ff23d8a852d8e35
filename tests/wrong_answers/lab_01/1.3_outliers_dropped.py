        # wrong: the cheapest and the dearest sales are outliers, and those are dropped first
        per_square_foot = np.asarray(prices, dtype=float) / houses["tot_sf"]
        usual = per_square_foot[per_square_foot.between(per_square_foot.quantile(0.05), per_square_foot.quantile(0.95))]
        self.by_area_ = usual.groupby(houses["area"]).median()
        self.anywhere_ = float(usual.median())
        return self
