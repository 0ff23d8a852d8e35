    # wrong: the ReplicaSets of a Deployment are those that its selector finds
    apps = cluster.apps
    deployment = json.loads(apps.read_namespaced_deployment(NAME, NAMESPACE, _preload_content=False).data)
    labels = deployment["spec"]["selector"]["matchLabels"]
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    answer = apps.list_namespaced_replica_set(NAMESPACE, label_selector=selector, _preload_content=False)
    found = json.loads(answer.data)

    def number(release):
        return int(release["metadata"].get("annotations", {}).get(REVISION, 0))

    earlier = [each for each in found["items"] if number(each) < number(deployment)]
    if not earlier:
        raise DeploymentError(f"{NAME} has no release before this one\n  labs deploy")
    template = max(earlier, key=number)["spec"]["template"]
    template["metadata"]["labels"].pop(HASH, None)
    change = [{"op": "replace", "path": "/spec/template", "value": template}]
    apps.patch_namespaced_deployment(NAME, NAMESPACE, change)
