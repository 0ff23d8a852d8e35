"""Settings for the tests of the product."""

from hypothesis import settings

# A deadline for one example measures how busy the machine is.
settings.register_profile("product", deadline=None)
settings.load_profile("product")
