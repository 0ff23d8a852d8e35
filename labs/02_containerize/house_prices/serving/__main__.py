"""Serve the model: ``python -m house_prices.serving``."""

from house_prices.serving.cli import main

main()
