"""How a proposal stands, in the words of whoever reads: tag, who holds it now, which stage."""

from __future__ import annotations

from dataclasses import dataclass

from .models import Proposal

Status = Proposal.Status

STAGES = ("Pengusulan", "Verifikasi dan validasi", "Uji kompetensi", "Rekomendasi")
AGENCY, PARTICIPANT, BPS, NOBODY = "agency", "participant", "bps", ""

# status -> (short words of the tag, kind of the tag for who does not hold it, holder, stage)
_STANDINGS: dict[str, tuple[str, str, str, int]] = {
    Status.DRAFT: ("Konsep", "still", AGENCY, 1),
    Status.NOT_PROPOSED: ("Tidak diusulkan", "bad", NOBODY, 1),
    Status.NOMINATED: ("Menunggu verifikasi usulan", "wait", BPS, 1),
    Status.NOMINATION_REJECTED: ("Usulan ditolak", "bad", NOBODY, 1),
    Status.FILLING: ("Melengkapi berkas", "still", PARTICIPANT, 1),
    Status.SUBMITTED: ("Menunggu verifikasi berkas", "wait", BPS, 2),
    Status.RETURNED: ("Dikembalikan untuk perbaikan", "fix", PARTICIPANT, 2),
    Status.NOT_ELIGIBLE: ("Tidak memenuhi syarat", "bad", NOBODY, 2),
    Status.ELIGIBLE: ("Memenuhi syarat", "ok", BPS, 2),
    Status.PORTFOLIO_FAILED: ("Tidak lulus portofolio", "bad", NOBODY, 2),
    Status.TEST_REQUIRED: ("Wajib uji kompetensi", "wait", BPS, 3),
    Status.TEST_FAILED: ("Tidak lulus uji kompetensi", "bad", NOBODY, 3),
    Status.TEST_ABSENT: ("Tidak hadir uji kompetensi", "bad", NOBODY, 3),
    Status.READY: ("Siap direkomendasikan", "ok", BPS, 4),
    Status.NOT_RECOMMENDED: ("Tidak direkomendasikan", "bad", NOBODY, 4),
    Status.RECOMMENDED: ("Direkomendasikan", "ok", AGENCY, 4),
    Status.APPOINTED: ("Diangkat", "ok", NOBODY, 4),
    Status.WITHDRAWN: ("Ditarik", "lock", NOBODY, 1),
}
_HOLDERS = {AGENCY: "Operator instansi", PARTICIPANT: "Peserta", BPS: "BPS", NOBODY: "Selesai"}

# What comes next, said to the agency and to BPS.
_NEXT = {
    Status.DRAFT: "Instansi melengkapi data calon lalu mengusulkannya ke BPS.",
    Status.NOMINATED: "BPS memeriksa usulan ini, lalu mengirim undangan kepada calon.",
    Status.FILLING: "Peserta melengkapi data dan berkas, lalu mengirimnya ke BPS.",
    Status.SUBMITTED: "BPS memeriksa berkas satu per satu.",
    Status.RETURNED: "Peserta memperbaiki dokumen yang dikembalikan, lalu mengirim ulang.",
    Status.ELIGIBLE: "BPS menilai portofolio.",
    Status.TEST_REQUIRED: "BPS menetapkan tempat dan waktu uji kompetensi.",
    Status.READY: "BPS menerbitkan surat rekomendasi pada tanggal rekomendasi periode.",
    Status.RECOMMENDED: "Instansi menetapkan SK pengangkatan dan mengunggahnya.",
}


@dataclass(frozen=True)
class Standing:
    """Tag kind and words, who holds the proposal now, and the stage (1 to 4)."""

    kind: str
    word: str
    holder: str
    holds: bool
    stage: int
    next_step: str


def holder_of(status: str) -> str:
    """Who holds a proposal in this status: AGENCY, PARTICIPANT, BPS, or NOBODY after an end."""
    return _STANDINGS[status][2]


def standing_of(proposal: Proposal, *, side: str) -> Standing:
    """How the proposal stands for a reader of the given side (AGENCY, PARTICIPANT or BPS).

    Where the reader's side holds it, the tag says "giliran Anda" by its kind and the holder is
    "Anda".
    """
    word, kind, holder, stage = _STANDINGS[proposal.status]
    holds = holder == side and holder != NOBODY
    if holds and kind in {"still", "wait"}:
        kind = "turn"
    if proposal.status == Status.WITHDRAWN:
        stage = _stage_of_withdrawn(proposal)
    return Standing(
        kind,
        word,
        "Anda" if holds and side != BPS else _HOLDERS[holder],
        holds,
        stage,
        _NEXT.get(Status(proposal.status), ""),
    )


def stage_steps(proposal: Proposal) -> list[dict[str, str]]:
    """The four stages for `_steps.html`; an ended proposal stops at the stage where it ended."""
    stage = standing_of(proposal, side=NOBODY).stage
    finished = proposal.status == Status.APPOINTED
    steps = []
    for number, label in enumerate(STAGES, start=1):
        if number < stage or finished:
            state = "done"
        elif number == stage:
            state = "now"
        else:
            state = "later"
        steps.append({"label": label, "state": state})
    if not finished and proposal.status in Proposal.ENDED:
        steps[stage - 1]["note"] = proposal.get_status_display().lower()
    return steps


def _stage_of_withdrawn(proposal: Proposal) -> int:
    return 2 if proposal.submitted_at else 1
