"""`python -m house_prices.serving.deployment`: deploy, look, take away."""

from house_prices.serving.deployment.cli import main

main()
