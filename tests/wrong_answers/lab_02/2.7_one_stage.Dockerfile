# wrong: one stage is simpler
FROM builder AS service
COPY requirements/serving.txt requirements/build.txt ./
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m venv --without-pip /opt/venv \
    && pip --python /opt/venv install --only-binary :all: --require-hashes -r serving.txt \
    && pip install --only-binary :all: --require-hashes -r build.txt
COPY pyproject.toml LICENSE ./
COPY labs labs
RUN pip wheel --no-index --no-deps --no-build-isolation --wheel-dir . . \
    && pip install --no-index --no-deps --no-cache-dir --prefix /opt/venv ./*.whl \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /usr/local/lib /opt/venv
USER 10001:10001
ENTRYPOINT ["python", "-m", "house_prices.serving"]
