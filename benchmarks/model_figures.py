"""Lab 01's figures beside its rivals, on the same sales, features and days: `python benchmarks/model_figures.py`.

Prints a Markdown table of median absolute percentage errors. Everything is asked about sales later than those it was
trained on. LightGBM lives in an environment of its own, which uv makes from the lock beside this file.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
IN_OWN_ENVIRONMENT = "HOUSE_PRICES_RIVALS"


def rivals() -> dict[str, Callable[[], Any]]:
    """Return unfitted models by name; each takes houses and prices in dollars."""
    import numpy as np
    from lightgbm import LGBMRegressor
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    from house_prices.model.baseline import MedianPricePerSquareFoot
    from house_prices.model.features import CATEGORIES, feature_step
    from house_prices.model.training import build_model

    def on_log_price(regressor: Any) -> TransformedTargetRegressor:
        return TransformedTargetRegressor(regressor, func=np.log, inverse_func=np.exp)

    def ridge() -> TransformedTargetRegressor:
        step = feature_step()
        step.set_params(categories=OneHotEncoder(handle_unknown="ignore"), numbers=StandardScaler())
        return on_log_price(make_pipeline(step, Ridge()))

    def lightgbm() -> TransformedTargetRegressor:
        codes = list(range(len(CATEGORIES)))
        trees = LGBMRegressor(n_jobs=1, verbose=-1, random_state=0, categorical_feature=codes)
        return on_log_price(make_pipeline(feature_step(), trees))

    def median_loss() -> TransformedTargetRegressor:
        return build_model().set_params(regressor__trees__loss="absolute_error")

    return {
        "baseline: median $/sqft of the area": MedianPricePerSquareFoot,
        "ridge regression, one-hot areas": ridge,
        "lab 01's model": build_model,
        "the same, fitted to the median": median_loss,
        "LightGBM 4.6, default settings": lightgbm,
    }


def print_figures(repeats: int) -> None:
    """Fit every rival twice (on 2010; on 2010–2011) and print its errors year by year, and how long a fit takes."""
    import warnings

    import numpy as np
    from threadpoolctl import threadpool_limits

    from house_prices.model.features import FEATURES
    from house_prices.model.sales import load_seattle

    # LightGBM is handed an array where it was fitted with one, and warns all the same; and about its own parameter.
    warnings.filterwarnings("ignore", message="X does not have valid feature names")
    warnings.filterwarnings("ignore", message="categorical_feature keyword has been found")
    sales = load_seattle()
    year = sales["sale_date"].dt.year

    def error(model: Any, rows: Any) -> str:
        asked = sales[rows]
        off = np.abs(model.predict(asked[list(FEATURES)]) - asked["sale_price"]) / asked["sale_price"]
        return f"{np.median(off):.1%}"

    years = range(2012, 2017)
    print("| | 2010 → 2010 | 2010 → 2011 | 2010–11 → 2010–11 |", *(f"→ {y} |" for y in years), "fit, s |")
    print("|---|" + "--:|" * (4 + len(years)))
    for name, make in rivals().items():
        with threadpool_limits(limits=1):
            young = make().fit(sales.loc[year == 2010, list(FEATURES)], sales.loc[year == 2010, "sale_price"])
            known = year <= 2011
            seconds = []
            for _ in range(repeats):
                start = time.perf_counter()
                grown = make().fit(sales.loc[known, list(FEATURES)], sales.loc[known, "sale_price"])
                seconds.append(time.perf_counter() - start)
            cells = [error(young, year == 2010), error(young, year == 2011), error(grown, known)]
            cells += [error(grown, year == y) for y in years]
        print(f"| {name} |", *(f"{cell} |" for cell in cells), f"{np.median(seconds):.2f} |", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5, help="fits that the time is the median of")
    arguments = parser.parse_args()
    if IN_OWN_ENVIRONMENT in os.environ:
        print_figures(arguments.repeats)
        return 0
    product = HERE.parent / "labs" / "01_ml_basics"
    own = {**os.environ, IN_OWN_ENVIRONMENT: "1", "PYTHONPATH": str(product), "OMP_NUM_THREADS": "1"}
    uv = [sys.executable, "-m", "uv", "run", "--quiet", "--isolated", "--no-project", "--python", sys.executable]
    lock = ["--with-requirements", str(HERE / "rivals.txt")]
    return subprocess.run([*uv, *lock, "python", __file__, *sys.argv[1:]], env=own, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
