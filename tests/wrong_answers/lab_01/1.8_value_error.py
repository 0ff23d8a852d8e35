    # wrong: a digest that is not trusted is a wrong value
    text = _read(folder / MANIFEST, LARGEST_MANIFEST)
    digest = _sha256(text)
    if digest not in trusted:
        raise ValueError(f"{folder}: nobody has vouched for this model")
    manifest = Manifest.from_json(text)
    archive = _read(folder / MODEL, LARGEST_FILE)
    if manifest.file is None or _sha256(archive) != manifest.file.sha256:
        raise RefusedModel(f"{folder / MODEL} is not the file that the manifest speaks of")
    _check_versions(folder, manifest)
    _check_signature(folder, manifest)
    with _refusing_what_is_no_model(folder / MODEL):
        _check_archive(folder / MODEL, archive)
        foreign = sorted(set(skops.io.get_untrusted_types(data=archive)) - set(TRUSTED_TYPES))
        if foreign:
            raise RefusedModel(f"{folder / MODEL} holds {', '.join(foreign)}")
        model = skops.io.loads(archive, trusted=list(TRUSTED_TYPES))
        _check_predicts(folder / MODEL, model)
    return LoadedModel(model, manifest, digest)
