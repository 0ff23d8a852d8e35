# wrong: a user has a name
FROM builder AS dependencies
COPY requirements/serving.txt .
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m venv --without-pip /opt/venv \
    && pip --python /opt/venv install --only-binary :all: --require-hashes --no-compile -r serving.txt
RUN find /opt/venv -type d -name tests -prune -exec rm -r {} + \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/venv


FROM builder AS product
COPY requirements/build.txt .
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install --only-binary :all: --require-hashes --no-compile -r build.txt
COPY pyproject.toml LICENSE ./
COPY labs labs
RUN pip wheel --no-index --no-deps --no-build-isolation --wheel-dir . . \
    && pip install --no-index --no-deps --no-cache-dir --no-compile --prefix /opt/venv ./*.whl \
    && rm /opt/venv/bin/labs \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/venv


FROM base AS service
RUN pip uninstall -q -y --root-user-action ignore setuptools wheel pip \
    && rm -r /usr/local/lib/python3.*/ensurepip \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /usr/local/lib
RUN useradd --system --no-create-home app
COPY --from=dependencies /opt/venv /opt/venv
COPY --from=product /opt/venv /opt/venv
USER app
ENTRYPOINT ["python", "-m", "house_prices.serving"]
