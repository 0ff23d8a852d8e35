    # wrong: a program reads codes, not words
    entries = []
    for each in error.errors(include_url=False, include_context=False):
        parts = (str(part).replace("~", "~0").replace("/", "~1") for part in each["loc"])
        entry = {"pointer": "".join(f"/{part}" for part in parts), "detail": each["type"]}
        if each["type"] != "missing":
            entry["got"] = shown(each["input"])
        entries.append(entry)
    return entries
