# wrong: what builds the wheel is installed, but pip builds in an environment of its own
# What the service imports. The lock alone decides about this layer: a change of our code does not touch it.
FROM builder AS dependencies
COPY requirements/serving.txt .
# Wheels only, so that no compiler is needed.
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m venv --without-pip /opt/venv \
    && pip --python /opt/venv install --only-binary :all: --require-hashes --no-compile -r serving.txt
# The packages' own tests are a fifth of all. Nobody may write bytecode later; it goes unchecked, because tools that set
# all times of an image to one date would have it made anew, in vain, at each start.
RUN find /opt/venv -type d -name tests -prune -exec rm -r {} + \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/venv


# The project's own wheel, installed where it will lie among the dependencies.
FROM builder AS product
COPY requirements/build.txt .
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install --only-binary :all: --require-hashes --no-compile -r build.txt
COPY pyproject.toml LICENSE ./
COPY labs labs
# `labs` is the command of the course, which stays outside.
RUN pip wheel --no-index --no-deps --wheel-dir . . \
    && pip install --no-index --no-deps --no-cache-dir --no-compile --prefix /opt/venv ./*.whl \
    && rm /opt/venv/bin/labs \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/venv


FROM base AS service
# Whoever breaks in finds nothing to install more with. And the base image has no bytecode of Python's own modules: that
# would be 0.7 s of work at each start, and 0.2 s at each HEALTHCHECK.
RUN pip uninstall -q -y --root-user-action ignore setuptools wheel pip \
    && rm -r /usr/local/lib/python3.*/ensurepip \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /usr/local/lib
COPY --from=dependencies /opt/venv /opt/venv
COPY --from=product /opt/venv /opt/venv
# A number: of a name, Kubernetes cannot tell whether it is root's.
USER 10001:10001
# No shell in front, which would keep the signals of the platform to itself.
ENTRYPOINT ["python", "-m", "house_prices.serving"]
