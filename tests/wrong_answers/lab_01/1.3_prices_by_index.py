        # wrong: prices divided by square feet
        per_square_foot = prices / houses["tot_sf"]
        self.by_area_ = per_square_foot.groupby(houses["area"]).median()
        self.anywhere_ = float(per_square_foot.median())
        return self
