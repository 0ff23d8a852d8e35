    # wrong: replace the two signs, in whatever order
    entries = []
    for each in error.errors(include_url=False, include_context=False):
        parts = [str(part).replace("/", "~1").replace("~", "~0") for part in each["loc"]]
        entry = {"pointer": "".join(f"/{part}" for part in parts), "detail": each["msg"]}
        if each["type"] != "missing":
            entry["got"] = shown(each["input"])
        entries.append(entry)
    return entries
