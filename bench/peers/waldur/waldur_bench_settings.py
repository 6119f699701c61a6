"""Settings of Waldur Mastermind 4.5.1 for measuring its lists: as in production, without Redis and Celery, which a list
does not need. WALDUR_PG_PORT names its PostgreSQL."""

import os
from datetime import timedelta

from waldur_core.server.base_settings import *  # noqa: F401,F403
from waldur_core.server.base_settings import CELERY_TASK_QUEUES  # noqa: F401

DEBUG = False
SECRET_KEY = "measured on this machine only"
ALLOWED_HOSTS = ["127.0.0.1"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql_psycopg2",
        "NAME": os.environ.get("WALDUR_PG_NAME", "waldur"),
        "HOST": "127.0.0.1",
        "PORT": os.environ["WALDUR_PG_PORT"],
        "USER": os.environ.get("WALDUR_PG_USER", "postgres"),
        "CONN_MAX_AGE": 600,
    }
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
CELERY_BROKER_URL = "memory://"
CELERY_RESULT_BACKEND = "cache+memory://"
WALDUR_CORE["TOKEN_LIFETIME"] = timedelta(days=30)  # noqa: F405
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "ERROR"},
}
