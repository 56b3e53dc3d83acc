"""All addresses: paths Indonesian, names English. Composes the foundation and the four stages."""

from django.urls import include, path

from inpassing import dashboard
from inpassing.health import views as health

urlpatterns = [
    path("", dashboard.landing, name="landing"),
    path("beranda/", dashboard.home, name="home"),
    path("pedoman/", dashboard.guidelines, name="guidelines"),
    path("pedoman/<int:pk>/berkas/", dashboard.guideline_file, name="guideline_file"),
    path("pedoman/panduan/<slug:role>/", dashboard.user_guide, name="user_guide"),
    path("bantuan/", dashboard.help_page, name="help"),
    path("privasi/", dashboard.privacy, name="privacy"),
    path("healthz/", health.healthz, name="healthz"),
    path("readyz/", health.readyz, name="readyz"),
    path("akun/", include("inpassing.accounts.urls")),
    path("akun/", include("inpassing.accounts.allauth_urls")),
    path("pesan/", include("inpassing.notifications.urls")),
    path("kelola/", include("inpassing.administration.urls")),
    path("", include("proposals.urls")),
    path("verifikasi/", include("verification.urls")),
    path("uji/", include("competency.urls")),
    path("", include("recommendations.urls")),
]
