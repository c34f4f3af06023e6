# The simulated service as a container:
#
#   docker build -t runfsm .
#   docker run --rm -p 4010:4010 runfsm
#
# Options of `runfsm serve` come last. What is to outlast the container is kept on a volume:
#
#   docker run --rm -p 4010:4010 -v runfsm:/state runfsm --state /state/worlds.json
#
# Another port outside is -p 8080:4010. Inside it stays 4010: HEALTHCHECK asks there.
#
# What waits for it, and starts when it answers: compose.yaml.
# The side door /_sim/ is off unless it has a token: docker run -e RUNFSM_CONTROL_TOKEN=... runfsm

FROM python:3.13-slim AS build
WORKDIR /build
RUN python -m venv /opt/runfsm
COPY pyproject.toml README.md LICENSE ./
COPY locks/server.txt locks/server.txt
RUN /opt/runfsm/bin/pip install --no-cache-dir --disable-pip-version-check \
    --require-hashes -r locks/server.txt
COPY src src
COPY simulator simulator
COPY examples examples
RUN /opt/runfsm/bin/pip install --no-cache-dir --disable-pip-version-check \
    --no-deps --no-build-isolation .

FROM python:3.13-slim
COPY --from=build /opt/runfsm /opt/runfsm
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin runfsm \
    && install --directory --owner runfsm --group runfsm --mode 0700 /state
USER 10001
WORKDIR /state
VOLUME /state
EXPOSE 4010
# No key is needed there; the image has no curl.
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=3 \
    CMD ["/opt/runfsm/bin/python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:4010/healthz', timeout=2)"]
ENTRYPOINT ["/opt/runfsm/bin/runfsm", "serve", "--host", "0.0.0.0"]
