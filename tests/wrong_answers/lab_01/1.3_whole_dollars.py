        # wrong: nobody quotes cents
        per_square_foot = np.asarray(prices, dtype=float) / houses["tot_sf"]
        self.by_area_ = per_square_foot.groupby(houses["area"]).median().round()
        self.anywhere_ = float(per_square_foot.median())
        return self
