from .models import Proposal


def refusals_for(proposal: Proposal) -> list[str]:
    return []
