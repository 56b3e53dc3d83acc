"""Template filters of letters."""

import re

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from inpassing.formats import MONTHS

register = template.Library()

_UNBROKEN = re.compile(rf"\d{{1,2}} (?:{'|'.join(MONTHS)}) \d{{4}}|Periode [IVX]+")


@register.filter
def unbroken(text: str) -> SafeString:
    """Return the text, escaped, with its dates ("7 Agustus 2020") kept on one line."""
    return mark_safe(
        _UNBROKEN.sub(r'<span class="unbroken">\g<0></span>', conditional_escape(text))
    )
