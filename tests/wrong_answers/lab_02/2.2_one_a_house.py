    # wrong: one entry for each bad house
    entries = {}
    for each in error.errors(include_url=False, include_context=False):
        parts = [str(part).replace("~", "~0").replace("/", "~1") for part in each["loc"]]
        entry = {"pointer": "".join(f"/{part}" for part in parts), "detail": each["msg"]}
        if each["type"] != "missing":
            entry["got"] = shown(each["input"])
        entries[tuple(parts[:2])] = entry
    return list(entries.values())
