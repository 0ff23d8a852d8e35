    # wrong: people count from one
    entries = []
    for each in error.errors(include_url=False, include_context=False):
        parts = [str(part + 1 if isinstance(part, int) else part) for part in each["loc"]]
        pointer = "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)
        entry = {"pointer": pointer, "detail": each["msg"]}
        if each["type"] != "missing":
            entry["got"] = shown(each["input"])
        entries.append(entry)
    return entries
