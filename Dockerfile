FROM python:3.11-slim
RUN apt-get update && apt-get install -y --no-install-recommends make libgomp1 && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home spexviz
USER spexviz
WORKDIR /home/spexviz/app
COPY --chown=spexviz . .
RUN make setup
EXPOSE 8501
# A container is reached from outside it, so it listens on every interface and asks for a token: `docker logs` shows the address with it,
# unless you choose it yourself (-e SPEXVIZ_TOKEN=…). Publish the port on loopback (-p 127.0.0.1:8501:8501) unless others shall come.
HEALTHCHECK CMD [".venv/bin/python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8501/healthz', timeout=20)"]
CMD [".venv/bin/spexviz", "serve", "--host", "0.0.0.0"]
