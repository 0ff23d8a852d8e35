    # wrong: what comes from scikit-learn and NumPy is harmless
    text = _read(folder / MANIFEST, LARGEST_MANIFEST)
    digest = _sha256(text)
    if digest not in trusted:
        raise RefusedModel(
            f"{folder}: nobody has vouched for this model (its digest is {digest}). It was changed, or comes from "
            "elsewhere: train it again, or, if a source that you trust names this digest, hand it over."
        )
    manifest = Manifest.from_json(text)
    archive = _read(folder / MODEL, LARGEST_FILE)
    if manifest.file is None or _sha256(archive) != manifest.file.sha256:
        size = f"{manifest.file.size:,}" if manifest.file else "none"
        raise RefusedModel(
            f"{folder / MODEL} is not the file that {MANIFEST} speaks of (it has {len(archive):,} bytes, the manifest "
            f"names {size}): it was cut short or altered. Train the model again."
        )
    _check_versions(folder, manifest)
    _check_signature(folder, manifest)
    with _refusing_what_is_no_model(folder / MODEL):
        _check_archive(folder / MODEL, archive)
        ours = ("sklearn.", "numpy.", "functools.")
        found = skops.io.get_untrusted_types(data=archive)
        foreign = sorted(name for name in found if not name.startswith(ours))
        if foreign:
            raise RefusedModel(
                f"{folder / MODEL} holds types that no model of this code has: {', '.join(foreign)}. If the model was "
                "changed on purpose, read what they do and add them to TRUSTED_TYPES."
            )
        model = skops.io.loads(archive, trusted=found)
        _check_predicts(folder / MODEL, model)
    return LoadedModel(model, manifest, digest)
