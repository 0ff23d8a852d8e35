    # wrong: whoever mends the first will see the next
    each = error.errors(include_url=False, include_context=False)[0]
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in each["loc"])
    entry = {"pointer": "".join(f"/{part}" for part in parts), "detail": each["msg"]}
    if each["type"] != "missing":
        entry["got"] = shown(each["input"])
    return [entry]
