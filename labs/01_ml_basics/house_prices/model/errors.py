"""The family of errors that a user of the model can mend."""


class HousePricesError(Exception):
    """Something that the caller can put right.

    The message says what was got, what was wanted and what to do; commands print it as it is, without a traceback.
    """
