        # wrong: a fresh index makes both sides meet by position
        per_square_foot = pd.Series(prices).reset_index(drop=True) / houses["tot_sf"].reset_index(drop=True)
        self.by_area_ = per_square_foot.groupby(houses["area"]).median()
        self.anywhere_ = float(per_square_foot.median())
        return self
