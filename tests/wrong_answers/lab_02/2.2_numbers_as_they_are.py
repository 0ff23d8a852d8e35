    # wrong: JSON has numbers, so only what is no number needs to be made a text
    entries = []
    for each in error.errors(include_url=False, include_context=False):
        parts = (str(part).replace("~", "~0").replace("/", "~1") for part in each["loc"])
        entry = {"pointer": "".join(f"/{part}" for part in parts), "detail": each["msg"]}
        if each["type"] != "missing":
            entry["got"] = each["input"] if isinstance(each["input"], int | float) else shown(each["input"])
        entries.append(entry)
    return entries
