    # wrong: a path is written with dots
    entries = []
    for each in error.errors(include_url=False, include_context=False):
        entry = {"pointer": ".".join(map(str, each["loc"])), "detail": each["msg"]}
        if each["type"] != "missing":
            entry["got"] = shown(each["input"])
        entries.append(entry)
    return entries
