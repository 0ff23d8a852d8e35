        # wrong: what is learned is learned
        if not hasattr(self, "by_area_"):
            per_square_foot = np.asarray(prices, dtype=float) / houses["tot_sf"]
            self.by_area_ = per_square_foot.groupby(houses["area"]).median()
            self.anywhere_ = float(per_square_foot.median())
        return self
