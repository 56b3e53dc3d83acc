from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.urls import reverse

from inpassing.accounts.models import OneTimeLink, RoleGrant, User
from inpassing.accounts.roles import grant


class Command(BaseCommand):
    help = "Makes an administrator's account and prints the one-time link that sets its password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("email")
        parser.add_argument("--name", default="Administrator")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.filter(username=options["username"]).exists():
            raise CommandError(f"Nama pengguna {options['username']} sudah ada.")
        if User.objects.filter(email__iexact=options["email"]).exists():
            raise CommandError(f"Alamat {options['email']} sudah dipakai.")
        user = User.objects.create_user(options["username"], options["email"], name=options["name"])
        grant(user, RoleGrant.Role.ADMIN, by=None)
        token = OneTimeLink.issue(
            OneTimeLink.Kind.INVITATION, user.pk, valid_for=timedelta(days=settings.INVITATION_DAYS)
        )
        self.stdout.write(settings.SITE_URL + reverse("accounts:invitation", args=[token]))
