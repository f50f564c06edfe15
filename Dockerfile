# The desk: every verb behind a page, an HTTP API, an assistant's tools and CDS Hooks.
FROM python:3.11-slim-bookworm

RUN apt-get update \
    && apt-get install --yes --no-install-recommends make=4.3-4.1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 panakeia

WORKDIR /panakeia
COPY --chown=panakeia pyproject.toml requirements.lock Makefile README.md LICENSE ./
COPY --chown=panakeia kg kg
COPY --chown=panakeia gnn gnn
COPY --chown=panakeia twin twin
COPY --chown=panakeia panakeia panakeia
RUN chown panakeia /panakeia
USER panakeia
RUN make install TORCH=cpu && mkdir out

VOLUME /panakeia/out
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s CMD .venv/bin/python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"
ENTRYPOINT [".venv/bin/panakeia"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080"]
