# Writes the bill of materials of an image of the service, as CycloneDX: what we put on its base, with version and licence,
# and what of it needs what. The base image comes with one of its own. `.ci/sbom` calls this.
ARG PYTHON=3.11
ARG IMAGE=house-prices:dev
FROM ${IMAGE} AS image


FROM python:${PYTHON}-slim-bookworm AS writer
WORKDIR /build
COPY sbom.txt .
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install --root-user-action ignore --only-binary :all: --require-hashes -r sbom.txt
RUN --mount=type=bind,from=image,source=/opt/venv,target=/opt/venv \
    cyclonedx-py environment --output-reproducible --output-file sbom.json /opt/venv


FROM scratch
COPY --from=writer /build/sbom.json /
