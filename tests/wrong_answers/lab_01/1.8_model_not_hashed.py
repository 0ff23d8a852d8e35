    # wrong: the manifest is trusted, and the model lies beside it
    text = _read(folder / MANIFEST, LARGEST_MANIFEST)
    digest = _sha256(text)
    if digest not in trusted:
        raise RefusedModel(f"{folder}: nobody has vouched for {digest}")
    manifest = Manifest.from_json(text)
    archive = _read(folder / MODEL, LARGEST_FILE)
    _check_versions(folder, manifest)
    _check_signature(folder, manifest)
    with _refusing_what_is_no_model(folder / MODEL):
        _check_archive(folder / MODEL, archive)
        foreign = set(skops.io.get_untrusted_types(data=archive)) - set(TRUSTED_TYPES)
        if foreign:
            raise RefusedModel(f"{folder / MODEL} holds {foreign}")
        model = skops.io.loads(archive, trusted=list(TRUSTED_TYPES))
        _check_predicts(folder / MODEL, model)
    return LoadedModel(model, manifest, digest)
