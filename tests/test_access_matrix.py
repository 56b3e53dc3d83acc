"""Every address × every kind of visitor. A new address without a row here fails the suite.

A row says what each visitor gets: `ok` (the page, a redirect, or a refusal with a sentence by the
workflow), 403, 404, or `login`. Addresses that only take POST are posted to without data, so that
nothing is changed; what they do with data is in the tests of each page.
"""

from __future__ import annotations

import uuid

import pytest
from django.conf import settings
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from competency import seats
from competency.models import Publication, ResultCorrection, ResultImport, TestResult
from competency.planning import Spec, request_plan
from inpassing.files.models import PagePicture
from inpassing.files.storage import save_preview
from inpassing.letters.printing import request_print
from inpassing.notifications.models import InboxMessage, OutboxMessage
from inpassing.reference.models import BpsOffice, Guideline
from proposals import batches
from proposals.models import Batch, Formation, OperatorRequest
from recommendations.composing import compose
from recommendations.models import Export
from tests.competency.factories import make_session
from tests.factories import (
    make_admin,
    make_agency,
    make_file,
    make_formation,
    make_operator,
    make_period,
    make_proctor,
    make_proposal,
    make_signer,
    make_user,
    make_verifier,
    make_work_unit,
)
from tests.proposals.filing import shrunk
from tests.proposals.import_files import previewed, row, xlsx
from tests.proposals.unit_files import previewed_units, unit_row, units_xlsx
from tests.recommendations.factories import make_awaiting, make_draft, make_issued

VISITORS = [
    "anonymous",
    "somebody",
    "participant",
    "operator",
    "other_operator",
    "verifier",
    "own_verifier",
    "proctor",
    "signer",
    "admin",
]


@pytest.fixture
def world():
    """One of everything, all of one agency, and one visitor of each kind."""
    agency = make_agency(region="74.72")
    period = make_period()
    visitors = {
        "anonymous": None,
        "somebody": make_user(),
        "operator": make_operator(agency),
        "other_operator": make_operator(),
        "verifier": make_verifier(),
        "own_verifier": make_verifier(employer=agency),
        "proctor": make_proctor(BpsOffice.objects.get(region="74.72")),
        "signer": make_signer(),
        "admin": make_admin(),
    }
    return World(agency, period, visitors)


class World:
    """Makes the record that an address is about, when it is asked for."""

    def __init__(self, agency, period, visitors):
        self.agency, self.period, self.visitors = agency, period, visitors
        self.visitors["participant"] = make_user(employer=agency)

    def proposal(self, status):
        return make_proposal(
            self.agency,
            self.period,
            status=status,
            participant=None if status in {"draft", "nominated"} else self.visitors["participant"],
        )

    def formation(self, status="draft"):
        existing = Formation.objects.filter(agency=self.agency, period=self.period).first()
        return existing or make_formation(self.agency, self.period, status=status)

    def unit_import(self):
        """A file of work units that was read, one row with an error."""
        return previewed_units(
            self.agency,
            units_xlsx(unit_row(), unit_row(name="")),
            by=self.visitors["operator"],
        )

    def import_batch(self):
        return previewed(
            self.agency,
            self.period,
            xlsx(row(), row(nip="12")),
            by=self.visitors["operator"],
        )

    def batch(self):
        return batches.start(
            Batch.Kind.NOMINATE,
            [self.proposal("draft").pk],
            by=self.visitors["operator"],
            key=uuid.uuid4(),
        )

    def approval(self):
        """A nomination that the verifier asked to approve, as many at once."""
        return batches.start(
            Batch.Kind.APPROVE,
            [self.proposal("nominated").pk],
            by=self.visitors["verifier"],
            key=uuid.uuid4(),
        )

    def document(self):
        return self.proposal("filling").documents.first()

    def scan(self):
        return shrunk(self.document(), by=self.visitors["participant"])

    def request(self, status="requested"):
        row = OperatorRequest.objects.create(
            agency=self.agency,
            name="Sri",
            nip="198904142014032901",
            office_email="s@contoh.go.id",
            phone="0",
            letter_number="1",
            status=status,
            email_confirmed_at="2026-01-01T00:00Z",
        )
        row.letter = make_file(row)
        row.save()
        return row

    def session(self):
        return make_session(self.period, BpsOffice.objects.get(region="74.72"))

    def seat(self):
        return seats.assign_seat(
            self.proposal("test_required"), self.session(), by=self.visitors["admin"]
        )

    def result_import(self):
        return ResultImport.objects.create(
            entry=self.period.period_positions.first(),
            name="nilai.xlsx",
            state="ready",
            created_by=self.visitors["admin"],
        )

    def correction(self):
        seat, by = self.seat(), make_user()
        result = TestResult.objects.create(
            seat=seat, total=60, passing_grade=70, entered_by=by, published_at="2026-01-01T00:00Z"
        )
        return ResultCorrection.objects.create(
            result=result,
            number=2,
            reason="-",
            before={"total": "60"},
            after={"total": "61"},
            proposed_by=by,
        )

    def session_plan(self):
        spec = Spec(days=[], slots=[], offices="pusat", room="Aula")
        return request_plan(self.period, spec, by=self.visitors["admin"])

    def seating_run(self):
        run = seats.request_seating(self.period, by=self.visitors["admin"])
        return seats.run_seating(run)

    def publication(self):
        return Publication.objects.create(
            period=self.period, scheduled_at="2090-01-01T00:00Z", by=self.visitors["admin"]
        )

    def version_with_picture(self):
        version = self.document().current
        version.file.preview_path = save_preview(version.file, b"RIFF")
        version.file.save()
        return version.pk

    def drawn(self, record, field="file", *slug):
        """The address of page 1 of a record's file, whose picture is there."""
        file = getattr(record, field)
        PagePicture.objects.create(
            file=file, number=1, state="drawn", height=1414, path=save_preview(file, b"RIFF")
        )
        return [record.pk, *slug, 1]

    def run_and_proposal(self):
        letter = self.letter("draft")
        return [letter.run_id, letter.lines.get().proposal_id]

    def guideline(self):
        row = Guideline.objects.create(title="Pedoman")
        row.file_id = make_file(row).pk
        row.save()
        return row

    def inbox(self):
        return InboxMessage.objects.create(
            key="k", user=self.visitors["operator"], subject="S", body="B"
        )

    def mail(self):
        return OutboxMessage.objects.create(
            key="k", to_email="a@contoh.go.id", template="role_granted", state="failed"
        )

    def preview_picture(self):
        letter = self.letter("draft")
        job = request_print(letter, compose(letter), filename="konsep.pdf", by=None)
        job.file = make_file(job, preview_path="")
        job.file.preview_path = save_preview(job.file, b"RIFF")
        job.file.save()
        job.state = "done"
        job.save()
        return [letter.pk, job.pk]

    def export(self):
        return Export.objects.create(
            requested_by=self.visitors["operator"],
            agency=self.agency,
            content="table",
            letter_ids=[self.letter().pk],
            total=1,
        )

    def draft_and_person(self):
        """A draft letter and somebody in it."""
        letter = self.letter("draft")
        return [letter.pk, letter.lines.get().proposal_id]

    def letter(self, status="issued"):
        makers = {"draft": make_draft, "awaiting": make_awaiting, "issued": make_issued}
        options = {"operator": False} if status == "issued" else {}
        return makers[status](1, agency=self.agency, **options)


GET, POST = "get", "post"
# name -> (method, arguments of the address)
ADDRESSES = {
    "landing": (GET, lambda w: []),
    "home": (GET, lambda w: []),
    "guidelines": (GET, lambda w: []),
    "user_guide": (GET, lambda w: ["peserta"]),
    "help": (GET, lambda w: []),
    "privacy": (GET, lambda w: []),
    "healthz": (GET, lambda w: []),
    "readyz": (GET, lambda w: []),
    "accounts:profile": (GET, lambda w: []),
    "accounts:invitation": (GET, lambda w: ["bukan-token"]),
    "account_login": (GET, lambda w: []),
    "account_logout": (GET, lambda w: []),
    "account_inactive": (GET, lambda w: []),
    "account_reauthenticate": (GET, lambda w: []),
    "account_change_password": (GET, lambda w: []),
    "account_set_password": (GET, lambda w: []),
    "account_reset_password": (GET, lambda w: []),
    "account_reset_password_done": (GET, lambda w: []),
    "account_reset_password_from_key": (GET, lambda w: ["1", "bukan-kunci"]),
    "account_reset_password_from_key_done": (GET, lambda w: []),
    "mfa_index": (GET, lambda w: []),
    "mfa_authenticate": (GET, lambda w: []),
    "mfa_reauthenticate": (GET, lambda w: []),
    "mfa_activate_totp": (GET, lambda w: []),
    "mfa_deactivate_totp": (GET, lambda w: []),
    "mfa_view_recovery_codes": (GET, lambda w: []),
    "mfa_generate_recovery_codes": (GET, lambda w: []),
    "mfa_download_recovery_codes": (GET, lambda w: []),
    "mfa_list_webauthn": (GET, lambda w: []),
    "mfa_add_webauthn": (GET, lambda w: []),
    "mfa_login_webauthn": (GET, lambda w: []),
    "mfa_reauthenticate_webauthn": (GET, lambda w: []),
    "mfa_remove_webauthn": (GET, lambda w: [1]),
    "mfa_edit_webauthn": (GET, lambda w: [1]),
    "usersessions_list": (GET, lambda w: []),
    "notifications:inbox": (GET, lambda w: []),
    "notifications:message": (GET, lambda w: [w.inbox().pk]),
    "notifications:outbox": (GET, lambda w: []),
    "notifications:outbox_resend": (POST, lambda w: [w.mail().pk]),
    "administration:period_list": (GET, lambda w: []),
    "administration:period_create": (GET, lambda w: []),
    "administration:period": (GET, lambda w: [w.period.pk]),
    "administration:period_clone": (POST, lambda w: []),
    "administration:period_section": (GET, lambda w: [w.period.pk, "tanggal"]),
    "administration:period_credits": (GET, lambda w: [w.period.pk]),
    "administration:period_credits_file": (GET, lambda w: [w.period.pk]),
    "administration:period_open": (POST, lambda w: [w.period.pk]),
    "administration:period_close": (POST, lambda w: [w.period.pk]),
    "administration:closing_simulation": (GET, lambda w: [w.period.pk]),
    "administration:agency_deadlines": (GET, lambda w: [w.period.pk]),
    "guideline_file": (GET, lambda w: [w.guideline().pk]),
    "administration:message_texts": (GET, lambda w: []),
    "administration:message_text": (GET, lambda w: ["role_granted"]),
    "administration:message_text_reset": (POST, lambda w: ["role_granted"]),
    "administration:reason_list": (GET, lambda w: []),
    "administration:reason_create": (GET, lambda w: []),
    "administration:reason_edit": (GET, lambda w: ["lainnya"]),
    "administration:guideline_list": (GET, lambda w: []),
    "administration:guideline_create": (GET, lambda w: []),
    "administration:guideline_edit": (GET, lambda w: [w.guideline().pk]),
    "administration:guideline_remove": (GET, lambda w: [w.guideline().pk]),
    "administration:office_list": (GET, lambda w: []),
    "administration:office_edit": (GET, lambda w: [BpsOffice.objects.first().pk]),
    "administration:user_list": (GET, lambda w: []),
    "administration:user_create": (GET, lambda w: []),
    "administration:user": (GET, lambda w: [w.visitors["somebody"].pk]),
    "administration:role_grant": (POST, lambda w: [w.visitors["somebody"].pk]),
    "administration:role_revoke": (POST, lambda w: [w.visitors["verifier"].grants.first().pk]),
    "administration:scope_add": (POST, lambda w: [w.visitors["somebody"].pk]),
    "administration:scope_remove": (POST, lambda w: [w.visitors["verifier"].scopes.first().pk]),
    "proposals:operator_request": (GET, lambda w: []),
    "proposals:operator_request_form": (GET, lambda w: []),
    "proposals:operator_request_sent": (GET, lambda w: []),
    "proposals:operator_request_resend": (GET, lambda w: []),
    "proposals:operator_request_confirmed": (GET, lambda w: []),
    "proposals:operator_request_confirm": (GET, lambda w: ["bukan-token"]),
    "proposals:formation_list": (GET, lambda w: []),
    "proposals:formation_create": (POST, lambda w: []),
    "proposals:formation": (GET, lambda w: [w.formation().pk]),
    "proposals:formation_line_create": (GET, lambda w: [w.formation().pk]),
    "proposals:formation_line_edit": (
        GET,
        lambda w: [w.formation().pk, w.formation().lines.first().pk],
    ),
    "proposals:formation_line_remove": (
        POST,
        lambda w: [w.formation().pk, w.formation().lines.first().pk],
    ),
    "proposals:formation_table": (GET, lambda w: [w.formation("submitted").pk]),
    "proposals:formation_table_upload": (POST, lambda w: [w.formation().pk]),
    "proposals:formation_calculation": (GET, lambda w: [w.formation("submitted").pk]),
    "proposals:formation_pages": (GET, lambda w: [w.formation("submitted").pk, "tabel"]),
    "proposals:formation_page": (
        GET,
        lambda w: w.drawn(w.formation("submitted"), "table", "tabel"),
    ),
    "proposals:formation_calculation_upload": (POST, lambda w: [w.formation().pk]),
    "proposals:formation_calculation_remove": (POST, lambda w: [w.formation().pk]),
    "proposals:formation_print": (GET, lambda w: [w.formation().pk]),
    "proposals:formation_submit": (GET, lambda w: [w.formation().pk]),
    "proposals:agency_operators": (GET, lambda w: []),
    "proposals:agency_edit": (GET, lambda w: [w.agency.pk]),
    "proposals:work_unit_list": (GET, lambda w: []),
    "proposals:work_unit_create": (GET, lambda w: []),
    "proposals:work_unit_edit": (GET, lambda w: [make_work_unit(w.agency).pk]),
    "proposals:unit_import_create": (GET, lambda w: []),
    "proposals:unit_import_template": (GET, lambda w: [w.agency.pk]),
    "proposals:unit_import": (GET, lambda w: [w.unit_import().pk]),
    "proposals:unit_import_marked": (GET, lambda w: [w.unit_import().pk]),
    "proposals:unit_import_save": (POST, lambda w: [w.unit_import().pk]),
    "proposals:unit_import_cancel": (POST, lambda w: [w.unit_import().pk]),
    "proposals:list": (GET, lambda w: []),
    "proposals:create": (GET, lambda w: []),
    "proposals:nip_reading": (GET, lambda w: []),
    "proposals:import_create": (GET, lambda w: []),
    "proposals:import_template": (GET, lambda w: [w.agency.pk, w.period.pk]),
    "proposals:import": (GET, lambda w: [w.import_batch().pk]),
    "proposals:import_marked": (GET, lambda w: [w.import_batch().pk]),
    "proposals:import_save": (POST, lambda w: [w.import_batch().pk]),
    "proposals:import_cancel": (POST, lambda w: [w.import_batch().pk]),
    "proposals:verdicts": (POST, lambda w: []),
    "proposals:nominate_many": (GET, lambda w: []),
    "proposals:batch": (GET, lambda w: [w.batch().pk]),
    "proposals:batch_cancel": (POST, lambda w: [w.batch().pk]),
    "proposals:detail": (GET, lambda w: [w.proposal("submitted").pk]),
    "proposals:edit": (GET, lambda w: [w.proposal("draft").pk]),
    "proposals:nominate": (GET, lambda w: [w.proposal("draft").pk]),
    "proposals:withdraw": (GET, lambda w: [w.proposal("submitted").pk]),
    "proposals:reopen": (GET, lambda w: [w.proposal("not_eligible").pk]),
    "proposals:propose_again": (GET, lambda w: [w.proposal("test_failed").pk]),
    "proposals:invitation_resend": (POST, lambda w: [w.proposal("filling").pk]),
    "proposals:participant_email": (GET, lambda w: [w.proposal("filling").pk]),
    "proposals:papers": (GET, lambda w: []),
    "proposals:circular": (GET, lambda w: [w.agency.pk, w.period.pk]),
    "proposals:cover_letter": (
        GET,
        lambda w: [w.proposal("nominated").agency_id, w.period.pk, "PRAKOM"],
    ),
    "proposals:tasks": (GET, lambda w: [w.proposal("filling").pk]),
    "proposals:participant_data": (GET, lambda w: [w.proposal("filling").pk, "diri"]),
    "proposals:check": (GET, lambda w: [w.proposal("filling").pk]),
    "proposals:submit": (POST, lambda w: [w.proposal("eligible").pk]),
    "proposals:receipt": (GET, lambda w: [w.proposal("submitted").pk]),
    "proposals:statement": (GET, lambda w: [w.proposal("filling").pk, "sp_hukdis"]),
    "proposals:document": (GET, lambda w: [w.document().pk]),
    "proposals:document_slot": (GET, lambda w: [w.document().pk]),
    "proposals:document_upload": (POST, lambda w: [w.document().pk]),
    "proposals:document_same_file": (POST, lambda w: [w.document().pk]),
    "proposals:large_scan": (GET, lambda w: [w.document().pk]),
    "proposals:large_scan_upload": (POST, lambda w: [w.document().pk]),
    "proposals:large_scan_accept": (POST, lambda w: [w.scan().pk]),
    "proposals:large_scan_discard": (POST, lambda w: [w.scan().pk]),
    "proposals:large_scan_result": (GET, lambda w: [w.scan().pk]),
    "proposals:large_scan_picture": (GET, lambda w: [w.scan().pk, "hasil"]),
    "proposals:document_file": (GET, lambda w: [w.document().current_id]),
    "proposals:document_preview": (GET, lambda w: [w.version_with_picture()]),
    "proposals:document_pages": (GET, lambda w: [w.document().current_id]),
    "proposals:document_page": (GET, lambda w: w.drawn(w.document().current)),
    "verification:desk": (GET, lambda w: []),
    "verification:queue": (GET, lambda w: ["berkas"]),
    "verification:next": (POST, lambda w: []),
    "verification:take": (POST, lambda w: [w.proposal("submitted").pk]),
    "verification:release": (POST, lambda w: [w.proposal("submitted").pk]),
    "verification:my_work": (GET, lambda w: []),
    "verification:workload": (GET, lambda w: []),
    "verification:hand_over": (GET, lambda w: [w.proposal("submitted").pk]),
    "verification:hand_over_all": (GET, lambda w: [w.visitors["verifier"].pk]),
    "verification:operator_request": (GET, lambda w: [w.request().pk]),
    "verification:operator_letter": (GET, lambda w: [w.request().pk]),
    "verification:letter_pages": (GET, lambda w: [w.request().pk]),
    "verification:letter_page": (GET, lambda w: w.drawn(w.request(), "letter")),
    "verification:undelivered_requests": (GET, lambda w: []),
    "verification:invite_operator_again": (POST, lambda w: [w.request("rejected").pk]),
    "verification:approve_operator_request": (POST, lambda w: [w.request("rejected").pk]),
    "verification:reject_operator_request": (POST, lambda w: [w.request("rejected").pk]),
    "verification:revoke_operator": (POST, lambda w: [w.request("rejected").pk]),
    "verification:nomination": (GET, lambda w: [w.proposal("nominated").pk]),
    "verification:approve_nomination": (POST, lambda w: [w.proposal("submitted").pk]),
    "verification:return_nomination": (POST, lambda w: [w.proposal("submitted").pk]),
    "verification:reject_nomination": (POST, lambda w: [w.proposal("submitted").pk]),
    "verification:formation": (GET, lambda w: [w.formation("submitted").pk]),
    "verification:validate_formation": (POST, lambda w: [w.formation("submitted").pk]),
    "verification:return_formation": (POST, lambda w: [w.formation("submitted").pk]),
    "verification:review": (GET, lambda w: [w.proposal("submitted").pk]),
    "verification:return": (POST, lambda w: [w.proposal("eligible").pk]),
    "verification:eligible": (POST, lambda w: [w.proposal("eligible").pk]),
    "verification:send_to_test": (POST, lambda w: [w.proposal("eligible").pk]),
    "verification:not_eligible": (GET, lambda w: [w.proposal("submitted").pk]),
    "verification:set_education_field": (POST, lambda w: [w.proposal("submitted").pk]),
    "verification:check_document": (POST, lambda w: [w.document().pk]),
    "verification:portfolio": (GET, lambda w: [w.proposal("eligible").pk]),
    "verification:assess": (POST, lambda w: [w.proposal("eligible").pk]),
    "verification:note_answers": (POST, lambda w: [w.proposal("eligible").pk]),
    "verification:batches": (GET, lambda w: []),
    "verification:decide_many": (GET, lambda w: ["usulan"]),
    "verification:batch": (GET, lambda w: [w.approval().pk]),
    "verification:batch_cancel": (POST, lambda w: [w.approval().pk]),
    "competency:sessions": (GET, lambda w: []),
    "competency:session_create": (GET, lambda w: []),
    "competency:session_plan_create": (GET, lambda w: []),
    "competency:session_plan": (GET, lambda w: [w.session_plan().pk]),
    "competency:session": (GET, lambda w: [w.session().pk]),
    "competency:session_cancel": (GET, lambda w: [w.session().pk]),
    "competency:session_proctors": (GET, lambda w: [w.session().pk]),
    "competency:incident": (POST, lambda w: [w.session().pk]),
    "competency:attendance_sheet": (GET, lambda w: [w.session().pk]),
    "competency:minutes": (GET, lambda w: [w.session().pk]),
    "competency:attendance": (POST, lambda w: [w.seat().pk]),
    "competency:checkin": (GET, lambda w: [w.seat().participant_number]),
    "competency:seating": (GET, lambda w: []),
    "competency:propose_seats": (POST, lambda w: []),
    "competency:seating_run": (GET, lambda w: [w.seating_run().pk]),
    "competency:send_invitations": (POST, lambda w: [w.seating_run().pk]),
    "competency:assign_seat": (GET, lambda w: [w.proposal("test_required").pk]),
    "competency:test": (GET, lambda w: [w.proposal("test_required").pk]),
    "competency:card": (GET, lambda w: [w.seat().proposal_id]),
    "competency:people": (GET, lambda w: []),
    "competency:people_file": (GET, lambda w: []),
    "competency:enter_results": (GET, lambda w: [w.session().pk]),
    "competency:enter_result": (GET, lambda w: [w.seat().pk]),
    "competency:confirm_results": (POST, lambda w: [w.session().pk]),
    "competency:confirm_all": (POST, lambda w: [w.period.pk]),
    "competency:result_import_create": (GET, lambda w: []),
    "competency:result_import": (GET, lambda w: [w.result_import().pk]),
    "competency:result_import_save": (POST, lambda w: [w.result_import().pk]),
    "competency:result_import_cancel": (POST, lambda w: [w.result_import().pk]),
    "competency:result_import_marked": (GET, lambda w: [w.result_import().pk]),
    "competency:result_template": (GET, lambda w: [w.result_import().entry_id]),
    "competency:corrections": (GET, lambda w: []),
    "competency:correct": (GET, lambda w: [w.correction().result_id]),
    "competency:apply_correction": (POST, lambda w: [w.correction().pk]),
    "competency:reject_correction": (POST, lambda w: [w.correction().pk]),
    "competency:statistics": (GET, lambda w: [w.period.pk]),
    "competency:publication": (GET, lambda w: []),
    "competency:publish": (POST, lambda w: [w.period.pk]),
    "competency:unpublish": (POST, lambda w: [w.publication().pk]),
    "competency:results": (GET, lambda w: []),
    "recommendations:check": (GET, lambda w: []),
    "recommendations:check_letter": (GET, lambda w: [w.letter().code]),
    "recommendations:runs": (GET, lambda w: []),
    "recommendations:start": (POST, lambda w: [w.period.pk]),
    "recommendations:run": (GET, lambda w: [w.letter("draft").run_id]),
    "recommendations:gather": (POST, lambda w: [w.letter("draft").run_id]),
    "recommendations:put_up": (GET, lambda w: [w.letter("draft").run_id]),
    "recommendations:addressee": (GET, lambda w: [w.letter("draft").run_id, w.agency.pk]),
    "recommendations:not_recommend": (
        GET,
        lambda w: w.run_and_proposal(),
    ),
    "recommendations:signing": (GET, lambda w: []),
    "recommendations:issue": (POST, lambda w: []),
    "recommendations:refuse": (GET, lambda w: [w.letter("awaiting").pk]),
    "recommendations:letters": (GET, lambda w: []),
    "recommendations:letter": (GET, lambda w: [w.letter().pk]),
    "recommendations:letter_file": (GET, lambda w: [w.letter().pk]),
    "recommendations:preview": (GET, lambda w: [w.letter("draft").pk]),
    "recommendations:letter_texts": (GET, lambda w: [w.period.pk]),
    "recommendations:letter_text": (GET, lambda w: [w.period.pk, "petikan"]),
    "recommendations:previews": (GET, lambda w: [w.letter("draft").run_id]),
    "recommendations:preview_extract": (GET, lambda w: w.draft_and_person()),
    "recommendations:preview_part": (GET, lambda w: [w.letter("draft").pk]),
    "recommendations:preview_picture": (GET, lambda w: w.preview_picture()),
    "recommendations:reference": (GET, lambda w: [w.letter("draft").pk]),
    "recommendations:overrun": (GET, lambda w: [w.letter("draft").pk]),
    "recommendations:recall": (POST, lambda w: [w.letter("awaiting").pk]),
    "recommendations:retry_all": (POST, lambda w: [w.letter("draft").run_id]),
    "recommendations:retry": (POST, lambda w: [w.letter().pk]),
    "recommendations:void": (GET, lambda w: [w.letter().pk]),
    "recommendations:revoke": (GET, lambda w: [w.letter().pk]),
    "recommendations:register": (GET, lambda w: []),
    "recommendations:register_export": (POST, lambda w: []),
    "recommendations:exports": (GET, lambda w: []),
    "recommendations:export": (GET, lambda w: [w.export().pk]),
    "recommendations:export_retry": (POST, lambda w: [w.export().pk]),
    "recommendations:export_file": (GET, lambda w: [w.export().pk]),
    "recommendations:appointment": (GET, lambda w: [w.proposal("recommended").pk]),
    "recommendations:appointment_file": (GET, lambda w: [w.proposal("recommended").pk]),
}


def names_of(resolver, prefix=""):
    """All URL names of the project, with their namespaces."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from names_of(entry, prefix + (f"{entry.namespace}:" if entry.namespace else ""))
        elif isinstance(entry, URLPattern):
            yield prefix + str(entry.name)


def outcome(response) -> str:
    target = response.headers.get("Location", "")
    if response.status_code == 302 and target.startswith(reverse(settings.LOGIN_URL)):
        return "login"
    return str(response.status_code) if response.status_code in {403, 404, 405, 500} else "ok"


def observe(world, name, as_user) -> dict[str, str]:
    method, arguments = ADDRESSES[name]
    url = reverse(name, args=arguments(world))
    seen = {}
    for visitor in VISITORS:
        with transaction.atomic():
            response = getattr(as_user(world.visitors[visitor]), method)(url)
            seen[visitor] = outcome(response)
            if response.streaming:
                response.getvalue()
            transaction.set_rollback(True)
    return seen


# + ok, - sign in first, 3 forbidden, 4 not found; the columns are VISITORS in their order.
EXPECTED = """
landing                                 + + + + + + + + + +
home                                    - + + + + + + + + +
guidelines                              + + + + + + + + + +
user_guide                              + + + + + + + + + +
help                                    + + + + + + + + + +
privacy                                 + + + + + + + + + +
healthz                                 + + + + + + + + + +
readyz                                  + + + + + + + + + +
accounts:profile                        - + + + + + + + + +
accounts:invitation                     + + + + + + + + + +
account_login                           + + + + + + + + + +
account_logout                          + + + + + + + + + +
account_inactive                        + + + + + + + + + +
account_reauthenticate                  - + + + + + + + + +
account_change_password                 - + + + + + + + + +
account_set_password                    - + + + + + + + + +
account_reset_password                  + + + + + + + + + +
account_reset_password_done             + + + + + + + + + +
account_reset_password_from_key         + + + + + + + + + +
account_reset_password_from_key_done    + + + + + + + + + +
mfa_index                               - + + + + + + + + +
mfa_authenticate                        - + + + + + + + + +
mfa_reauthenticate                      - + + + + + + + + +
mfa_activate_totp                       - + + + + + + + + +
mfa_deactivate_totp                     - 4 4 4 4 4 4 4 4 4
mfa_view_recovery_codes                 - 4 4 4 4 4 4 4 4 4
mfa_generate_recovery_codes             - + + + + + + + + +
mfa_download_recovery_codes             - 4 4 4 4 4 4 4 4 4
mfa_list_webauthn                       - + + + + + + + + +
mfa_add_webauthn                        - + + + + + + + + +
mfa_login_webauthn                      - + + + + + + + + +
mfa_reauthenticate_webauthn             - + + + + + + + + +
mfa_remove_webauthn                     - + + + + + + + + +
mfa_edit_webauthn                       - + + + + + + + + +
usersessions_list                       - + + + + + + + + +
notifications:inbox                     - + + + + + + + + +
notifications:message                   - 4 4 + 4 4 4 4 4 4
notifications:outbox                    - 3 3 3 3 3 3 3 3 +
notifications:outbox_resend             - 3 3 3 3 3 3 3 3 +
administration:period_list              - 3 3 3 3 3 3 3 3 +
administration:period_create            - 3 3 3 3 3 3 3 3 +
administration:period                   - 3 3 3 3 3 3 3 3 +
administration:period_clone             - 3 3 3 3 3 3 3 3 +
administration:period_section           - 3 3 3 3 3 3 3 3 +
administration:period_credits           - 3 3 3 3 3 3 3 3 +
administration:period_credits_file      - 3 3 3 3 3 3 3 3 +
administration:period_open              - 3 3 3 3 3 3 3 3 +
administration:period_close             - 3 3 3 3 3 3 3 3 +
administration:closing_simulation       - 3 3 3 3 3 3 3 3 +
administration:agency_deadlines         - 3 3 3 3 3 3 3 3 +
guideline_file                          + + + + + + + + + +
administration:message_texts            - 3 3 3 3 3 3 3 3 +
administration:message_text             - 3 3 3 3 3 3 3 3 +
administration:message_text_reset       - 3 3 3 3 3 3 3 3 +
administration:reason_list              - 3 3 3 3 3 3 3 3 +
administration:reason_create            - 3 3 3 3 3 3 3 3 +
administration:reason_edit              - 3 3 3 3 3 3 3 3 +
administration:guideline_list           - 3 3 3 3 3 3 3 3 +
administration:guideline_create         - 3 3 3 3 3 3 3 3 +
administration:guideline_edit           - 3 3 3 3 3 3 3 3 +
administration:guideline_remove         - 3 3 3 3 3 3 3 3 +
administration:office_list              - 3 3 3 3 3 3 3 3 +
administration:office_edit              - 3 3 3 3 3 3 3 3 +
administration:user_list                - 3 3 3 3 3 3 3 3 +
administration:user_create              - 3 3 3 3 3 3 3 3 +
administration:user                     - 3 3 3 3 3 3 3 3 +
administration:role_grant               - 3 3 3 3 3 3 3 3 +
administration:role_revoke              - 3 3 3 3 3 3 3 3 +
administration:scope_add                - 3 3 3 3 3 3 3 3 +
administration:scope_remove             - 3 3 3 3 3 3 3 3 +
proposals:operator_request              + + + + + + + + + +
proposals:operator_request_form         4 4 4 4 4 4 4 4 4 4
proposals:operator_request_sent         + + + + + + + + + +
proposals:operator_request_resend       + + + + + + + + + +
proposals:operator_request_confirmed    + + + + + + + + + +
proposals:operator_request_confirm      + + + + + + + + + +
proposals:formation_list                - 3 3 + + + + 3 3 +
proposals:formation_create              - 4 4 4 4 4 4 4 4 4
proposals:formation                     - 4 4 + 4 + 4 4 4 +
proposals:formation_line_create         - 4 4 + 4 3 4 4 4 3
proposals:formation_line_edit           - 4 4 + 4 3 4 4 4 3
proposals:formation_line_remove         - 4 4 + 4 3 4 4 4 3
proposals:formation_table               - 4 4 + 4 + 4 4 4 +
proposals:formation_table_upload        - 4 4 + 4 3 4 4 4 3
proposals:formation_calculation         - 4 4 4 4 4 4 4 4 4
proposals:formation_pages               - 4 4 + 4 + 4 4 4 +
proposals:formation_page                - 4 4 + 4 + 4 4 4 +
proposals:formation_calculation_upload  - 4 4 + 4 3 4 4 4 3
proposals:formation_calculation_remove  - 4 4 + 4 3 4 4 4 3
proposals:formation_print               - 4 4 + 4 + 4 4 4 +
proposals:formation_submit              - 4 4 + 4 3 4 4 4 3
proposals:agency_operators              - 3 3 + + 3 3 3 3 3
proposals:agency_edit                   - 4 4 + 4 4 4 4 4 4
proposals:work_unit_list                - 3 3 + + 3 3 3 3 3
proposals:work_unit_create              - 3 3 + + 3 3 3 3 3
proposals:work_unit_edit                - 4 4 + 4 4 4 4 4 4
proposals:unit_import_create            - 3 3 + + 3 3 3 3 3
proposals:unit_import_template          - 4 4 + 4 4 4 4 4 4
proposals:unit_import                   - 4 4 + 4 4 4 4 4 4
proposals:unit_import_marked            - 4 4 + 4 4 4 4 4 4
proposals:unit_import_save              - 4 4 + 4 4 4 4 4 4
proposals:unit_import_cancel            - 4 4 + 4 4 4 4 4 4
proposals:list                          - + + + + + + + + +
proposals:create                        - 3 3 + + 3 3 3 3 +
proposals:nip_reading                   - + + + + + + + + +
proposals:import_create                 - 3 3 + + 3 3 3 3 3
proposals:import_template               - 4 4 + 4 4 4 4 4 4
proposals:import                        - 4 4 + 4 4 4 4 4 4
proposals:import_marked                 - 4 4 + 4 4 4 4 4 4
proposals:import_save                   - 4 4 + 4 4 4 4 4 4
proposals:import_cancel                 - 4 4 + 4 4 4 4 4 4
proposals:verdicts                      - 3 3 4 4 3 3 3 3 4
proposals:nominate_many                 - 3 3 + + 3 3 3 3 3
proposals:batch                         - 4 4 + 4 4 4 4 4 +
proposals:batch_cancel                  - 4 4 + 4 4 4 4 4 3
proposals:detail                        - 4 + + 4 + 4 4 4 +
proposals:edit                          - 4 4 + 4 4 4 4 4 +
proposals:nominate                      - 4 4 + 4 4 4 4 4 +
proposals:withdraw                      - 4 + + 4 3 4 4 4 +
proposals:reopen                        - 4 3 3 4 3 4 4 4 +
proposals:propose_again                 - 4 3 + 4 3 4 4 4 +
proposals:invitation_resend             - 4 3 + 4 3 4 4 4 +
proposals:participant_email             - 4 3 + 4 3 4 4 4 +
proposals:papers                        - 3 3 + + 3 3 3 3 3
proposals:circular                      - 4 4 + 4 4 4 4 4 4
proposals:cover_letter                  - 4 4 + 4 4 4 4 4 4
proposals:tasks                         - 4 + 3 4 3 4 4 4 3
proposals:participant_data              - 4 + 3 4 3 4 4 4 3
proposals:check                         - 4 + 3 4 3 4 4 4 3
proposals:submit                        - 4 + 3 4 3 4 4 4 3
proposals:receipt                       - 4 + 3 4 3 4 4 4 3
proposals:statement                     - 4 + + 4 3 4 4 4 3
proposals:document                      - 4 + 3 4 3 4 4 4 3
proposals:document_slot                 - 4 + 3 4 3 4 4 4 3
proposals:document_upload               - 4 + 3 4 3 4 4 4 3
proposals:document_same_file            - 4 + 3 4 3 4 4 4 3
proposals:large_scan                    - 4 + 3 4 3 4 4 4 3
proposals:large_scan_upload             - 4 + 3 4 3 4 4 4 3
proposals:large_scan_accept             - 4 + 3 4 3 4 4 4 3
proposals:large_scan_discard            - 4 + 3 4 3 4 4 4 3
proposals:large_scan_result             - 4 + 3 4 3 4 4 4 3
proposals:large_scan_picture            - 4 + 3 4 3 4 4 4 3
proposals:document_file                 - 4 + + 4 + 4 4 4 +
proposals:document_preview              - 4 + + 4 + 4 4 4 +
proposals:document_pages                - 4 + + 4 + 4 4 4 +
proposals:document_page                 - 4 + + 4 + 4 4 4 +
verification:desk                       - 3 3 3 3 + + 3 3 +
verification:queue                      - 3 3 3 3 + + 3 3 4
verification:next                       - 3 3 3 3 + + 3 3 4
verification:take                       - 4 3 3 4 + 4 4 4 3
verification:release                    - 4 3 3 4 + 4 4 4 3
verification:my_work                    - 3 3 3 3 + + 3 3 3
verification:workload                   - 3 3 3 3 + + 3 3 +
verification:hand_over                  - 4 3 3 4 + 4 4 4 +
verification:hand_over_all              - 3 3 3 3 + 3 3 3 +
verification:operator_request           - 3 3 3 3 + 4 3 3 +
verification:operator_letter            - 3 3 3 3 + 4 3 3 +
verification:letter_pages               - 3 3 3 3 + 4 3 3 +
verification:letter_page                - 3 3 3 3 + 4 3 3 +
verification:invite_operator_again      - 3 3 3 3 + 4 3 3 +
verification:undelivered_requests       - 3 3 3 3 + + 3 3 +
verification:approve_operator_request   - 3 3 3 3 + 4 3 3 +
verification:reject_operator_request    - 3 3 3 3 + 4 3 3 +
verification:revoke_operator            - 3 3 3 3 + 4 3 3 +
verification:nomination                 - 4 4 3 4 + 4 4 4 3
verification:approve_nomination         - 4 3 3 4 + 4 4 4 3
verification:return_nomination          - 4 3 3 4 + 4 4 4 3
verification:reject_nomination          - 4 3 3 4 + 4 4 4 3
verification:formation                  - 4 4 3 4 + 4 4 4 3
verification:validate_formation         - 4 4 3 4 + 4 4 4 3
verification:return_formation           - 4 4 3 4 + 4 4 4 3
verification:review                     - 4 3 3 4 + 4 4 4 3
verification:return                     - 4 3 3 4 + 4 4 4 3
verification:eligible                   - 4 3 3 4 + 4 4 4 3
verification:send_to_test               - 4 3 3 4 + 4 4 4 3
verification:not_eligible               - 4 3 3 4 + 4 4 4 3
verification:set_education_field        - 4 3 3 4 + 4 4 4 3
verification:check_document             - 4 3 3 4 + 4 4 4 3
verification:portfolio                  - 4 3 3 4 + 4 4 4 3
verification:assess                     - 4 3 3 4 + 4 4 4 3
verification:note_answers               - 4 3 3 4 + 4 4 4 3
verification:batches                    - 3 3 3 3 + + 3 3 3
verification:decide_many                - 3 3 3 3 + + 3 3 3
verification:batch                      - 3 3 3 3 + 4 3 3 +
verification:batch_cancel               - 3 3 3 3 + 4 3 3 3
competency:sessions                     - + + + + + + + + +
competency:session_create               - 3 3 3 3 3 3 3 3 +
competency:session_plan_create          - 3 3 3 3 3 3 3 3 +
competency:session_plan                 - 3 3 3 3 3 3 3 3 +
competency:session                      - 4 4 4 4 4 4 + 4 +
competency:session_cancel               - 4 4 4 4 4 4 3 4 +
competency:people                       - 3 3 + + 3 3 + 3 +
competency:people_file                  - 3 3 + + 3 3 + 3 +
competency:enter_results                - 4 4 4 4 4 4 + 4 +
competency:session_proctors             - 4 4 4 4 4 4 3 4 +
competency:incident                     - 4 4 4 4 4 4 + 4 3
competency:attendance_sheet             - 4 4 4 4 4 4 + 4 +
competency:minutes                      - 4 4 4 4 4 4 + 4 +
competency:attendance                   - 4 4 4 4 4 4 + 4 3
competency:checkin                      - 4 4 4 4 4 4 + 4 +
competency:seating                      - 3 3 3 3 3 3 3 3 +
competency:propose_seats                - 3 3 3 3 3 3 3 3 4
competency:seating_run                  - 3 3 3 3 3 3 3 3 +
competency:send_invitations             - 3 3 3 3 3 3 3 3 +
competency:assign_seat                  - 4 3 + 4 3 4 4 4 +
competency:test                         - 4 + + 4 + 4 4 4 +
competency:card                         - 4 + + 4 + 4 4 4 +
competency:enter_result                 - 4 4 4 4 4 4 + 4 +
competency:confirm_results              - 4 4 4 4 4 4 3 4 +
competency:confirm_all                  - 3 3 3 3 3 3 3 3 +
competency:result_import_create         - 3 3 3 3 3 3 3 3 +
competency:result_import                - 3 3 3 3 3 3 3 3 +
competency:result_import_save           - 3 3 3 3 3 3 3 3 +
competency:result_import_cancel         - 3 3 3 3 3 3 3 3 +
competency:result_import_marked         - 3 3 3 3 3 3 3 3 +
competency:result_template              - 3 3 3 3 3 3 3 3 +
competency:corrections                  - 3 3 3 3 3 3 3 3 +
competency:correct                      - 3 3 3 3 3 3 3 3 +
competency:apply_correction             - 3 3 3 3 3 3 3 3 +
competency:reject_correction            - 3 3 3 3 3 3 3 3 +
competency:statistics                   - 3 3 3 3 3 3 3 3 +
competency:publication                  - 3 3 3 3 3 3 3 3 +
competency:publish                      - 3 3 3 3 3 3 3 3 +
competency:unpublish                    - 3 3 3 3 3 3 3 3 +
competency:results                      + + + + + + + + + +
recommendations:check                   + + + + + + + + + +
recommendations:check_letter            + + + + + + + + + +
recommendations:runs                    - 3 3 3 3 3 3 3 + +
recommendations:start                   - 3 3 3 3 3 3 3 3 +
recommendations:run                     - 4 4 4 4 4 4 4 + +
recommendations:gather                  - 4 4 4 4 4 4 4 3 +
recommendations:put_up                  - 4 4 4 4 4 4 4 3 +
recommendations:addressee               - 4 4 4 4 4 4 4 3 +
recommendations:not_recommend           - 4 4 4 4 4 4 4 3 +
recommendations:signing                 - 3 3 3 3 3 3 3 + 3
recommendations:issue                   - 3 3 3 3 3 3 3 + 3
recommendations:refuse                  - 4 4 4 4 4 4 4 + 3
recommendations:letters                 - + + + + + + + + +
recommendations:letter                  - 4 4 + 4 4 4 4 + +
recommendations:letter_file             - 4 4 + 4 4 4 4 + +
recommendations:preview                 - 4 4 4 4 4 4 4 + +
recommendations:letter_texts            - 3 3 3 3 3 3 3 3 +
recommendations:letter_text             - 3 3 3 3 3 3 3 3 +
recommendations:previews                - 4 4 4 4 4 4 4 + +
recommendations:preview_extract         - 4 4 4 4 4 4 4 + +
recommendations:preview_part            - 4 4 4 4 4 4 4 + +
recommendations:preview_picture         - 4 4 4 4 4 4 4 + +
recommendations:reference               - 4 4 4 4 4 4 4 3 +
recommendations:overrun                 - 4 4 4 4 4 4 4 3 +
recommendations:recall                  - 4 4 4 4 4 4 4 3 +
recommendations:retry                   - 4 4 3 4 4 4 4 3 +
recommendations:retry_all               - 4 4 4 4 4 4 4 3 +
recommendations:void                    - 4 4 3 4 4 4 4 3 +
recommendations:revoke                  - 4 4 3 4 4 4 4 3 +
recommendations:register                - 3 3 3 3 3 3 3 + +
recommendations:register_export         - 3 3 3 3 3 3 3 3 +
recommendations:exports                 - 3 3 + + 3 3 3 3 +
recommendations:export                  - 4 4 + 4 4 4 4 4 4
recommendations:export_retry            - 4 4 + 4 4 4 4 4 4
recommendations:export_file             - 4 4 + 4 4 4 4 4 4
recommendations:appointment             - 4 + + 4 + 4 4 4 +
recommendations:appointment_file        - 4 4 4 4 4 4 4 4 4
"""
OUTCOMES = {"+": "ok", "-": "login", "3": "403", "4": "404"}


def table() -> dict[str, dict[str, str]]:
    rows = (line.split() for line in EXPECTED.strip().splitlines())
    return {
        name: dict(zip(VISITORS, (OUTCOMES[sign] for sign in signs), strict=True))
        for name, *signs in rows
    }


def test_every_address_has_a_row():
    assert set(names_of(get_resolver())) == set(ADDRESSES) == set(table())


@pytest.mark.django_db
@pytest.mark.parametrize("name", list(ADDRESSES))
def test_access(world, as_user, name):
    assert observe(world, name, as_user) == table()[name]
