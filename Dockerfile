# The site. Build: docker build -t nextep .   Run: docker run -p 8000:8000 -v nextep-var:/app/var -e NEXTEP_SECRET_KEY=... nextep
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
WORKDIR /app

# Share pictures letter Korean and Japanese names with it; without it they use the Latin ones.
RUN apt-get update && apt-get install -y --no-install-recommends fonts-noto-cjk && rm -rf /var/lib/apt/lists/*

# A folder of wheels beside the Dockerfile (a CPU build of torch, say) is used where there is one.
COPY requirements.txt wheel[s] /tmp/wheels/
RUN PIP_FIND_LINKS=/tmp/wheels pip install "$(grep -E '^torch==' /tmp/wheels/requirements.txt)" \
    && PIP_FIND_LINKS=/tmp/wheels pip install -r /tmp/wheels/requirements.txt \
    && rm -rf /tmp/wheels

COPY . .
RUN useradd --create-home --uid 10001 nextep && mkdir -p var keys/search keys/index && chown -R nextep var keys
USER nextep
ENV NEXTEP_ENV=production NEXTEP_HOST=0.0.0.0 NEXTEP_PORT=8000 NEXTEP_VAR=/app/var
VOLUME /app/var
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=3s --start-period=90s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["sh", "-c", "python cli.py index --if-missing && exec python cli.py serve"]
