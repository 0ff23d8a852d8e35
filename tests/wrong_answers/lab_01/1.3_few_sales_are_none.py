        # wrong: a median of fewer than five sales is noise
        per_square_foot = np.asarray(prices, dtype=float) / houses["tot_sf"]
        groups = per_square_foot.groupby(houses["area"])
        self.by_area_ = groups.median()[groups.size() >= 5]
        self.anywhere_ = float(per_square_foot.median())
        return self
