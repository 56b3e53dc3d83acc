"""The public landing page and the home page of each role; may read every stage."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


@login_not_required
def landing(request: HttpRequest) -> HttpResponse:
    return render(request, "landing.html")


def home(request: HttpRequest) -> HttpResponse:
    return render(request, "home.html")


@login_not_required
def guidelines(request: HttpRequest) -> HttpResponse:
    return render(request, "guidelines.html")


@login_not_required
def help_page(request: HttpRequest) -> HttpResponse:
    return render(request, "help.html")


@login_not_required
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "privacy.html")
