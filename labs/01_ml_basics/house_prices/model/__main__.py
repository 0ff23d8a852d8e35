"""`python -m house_prices.model`: train the model, and ask it for prices."""

from house_prices.model.cli import main

main()
