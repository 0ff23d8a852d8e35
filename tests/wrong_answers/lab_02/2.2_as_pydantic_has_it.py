    # wrong: pydantic's errors are all that one needs
    return error.errors()
