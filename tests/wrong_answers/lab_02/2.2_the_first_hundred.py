    # wrong: nobody reads more than a hundred errors
    entries = []
    for each in error.errors(include_url=False, include_context=False)[:100]:
        parts = (str(part).replace("~", "~0").replace("/", "~1") for part in each["loc"])
        entry = {"pointer": "".join(f"/{part}" for part in parts), "detail": each["msg"]}
        if each["type"] != "missing":
            entry["got"] = shown(each["input"])
        entries.append(entry)
    return entries
