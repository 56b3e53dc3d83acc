# One image for web, worker, beat and migrate; docker-compose.yml says which is which.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=inpassing.settings \
    STATIC_ROOT=/srv/inpassing/static-built \
    VAR_DIR=/srv/inpassing/var \
    XDG_CACHE_HOME=/tmp/cache

WORKDIR /srv/inpassing

COPY scripts/install-system scripts/
RUN scripts/install-system runtime && rm -rf /var/lib/apt/lists/*

COPY requirements.lock ./
RUN pip install --no-cache-dir --disable-pip-version-check --root-user-action ignore \
    --require-hashes --no-deps -r requirements.lock

COPY . .

# Fonts and compressed static files are part of the image. The values below only let Django start;
# nothing connects to them and none of them stays in the image.
RUN export SECRET_KEY=used-while-building-only SITE_URL=https://build.invalid \
        DATABASE_URL=postgresql://build@build.invalid/build REDIS_URL=redis://build.invalid/0 \
        EMAIL_URL=smtp://build.invalid ALLOWED_HOSTS=build.invalid && \
    python manage.py build_fonts && \
    python manage.py collectstatic --no-input --verbosity 0 && \
    useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin inpassing && \
    install -d -m 0700 -o inpassing -g inpassing "$VAR_DIR"

USER inpassing
EXPOSE 8000
# gunicorn takes the number of worker processes from WEB_CONCURRENCY.
CMD ["gunicorn", "inpassing.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", \
     "--threads", "8", "--access-logfile", "-", "--no-control-socket"]
