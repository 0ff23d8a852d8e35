    # wrong: show what was sent
    entries = []
    for each in error.errors(include_url=False, include_context=False):
        parts = (str(part).replace("~", "~0").replace("/", "~1") for part in each["loc"])
        pointer = "".join(f"/{part}" for part in parts)
        entries.append({"pointer": pointer, "detail": each["msg"], "got": json.dumps(each["input"])})
    return entries
