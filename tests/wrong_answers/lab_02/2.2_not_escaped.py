    # wrong: a pointer is the parts of the path with slashes between them
    entries = []
    for each in error.errors(include_url=False, include_context=False):
        entry = {"pointer": "/" + "/".join(map(str, each["loc"])), "detail": each["msg"]}
        if each["type"] != "missing":
            entry["got"] = shown(each["input"])
        entries.append(entry)
    return entries
