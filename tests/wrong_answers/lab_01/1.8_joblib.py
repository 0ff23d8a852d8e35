    # wrong: scikit-learn's models are joblib files
    import joblib

    text = _read(folder / MANIFEST, LARGEST_MANIFEST)
    digest = _sha256(text)
    if digest not in trusted:
        raise RefusedModel(f"{folder}: nobody has vouched for {digest}")
    manifest = Manifest.from_json(text)
    archive = _read(folder / MODEL, LARGEST_FILE)
    if manifest.file is None or _sha256(archive) != manifest.file.sha256:
        raise RefusedModel(f"{folder / MODEL} is not the file that {MANIFEST} speaks of")
    _check_versions(folder, manifest)
    _check_signature(folder, manifest)
    return LoadedModel(joblib.load(folder / MODEL), manifest, digest)
