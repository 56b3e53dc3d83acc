"""Inline SVG icons by name, drawn on a 24 × 24 grid with a 2 px stroke in the text's colour."""

from functools import lru_cache

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

ICONS: dict[str, str] = {
    "arrow": '<path d="M5 12h14M13 6l6 6-6 6"/>',
    "back": '<path d="M19 12H5M11 6l-6 6 6 6"/>',
    "building": '<path d="M4 21V7l8-4 8 4v14M3 21h18M9 10v1M15 10v1M9 15v1M15 15v1"/>',
    "calendar": '<path d="M4 6h16v15H4zM4 11h16M8 3v5M16 3v5"/>',
    "check": '<path d="m4 12.5 5 5L20 6.5"/>',
    "clock": '<circle cx="12" cy="12" r="9"/><path d="M12 7v5.5l3.5 2"/>',
    "cross": '<path d="M6 6l12 12M18 6 6 18"/>',
    "down": '<path d="M12 5v14M6 13l6 6 6-6"/>',
    "download": '<path d="M12 4v12M7 11l5 5 5-5M4 20h16"/>',
    "edit": '<path d="M4 20h4L19 9l-4-4L4 16zM13 7l4 4"/>',
    "eye": '<path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z"/>'
    '<circle cx="12" cy="12" r="2.5"/>',
    "file": '<path d="M6 3h8l5 5v13H6zM14 3v5h5"/>',
    "flag": '<path d="M6 21V4h12l-2.5 4L18 12H6"/>',
    "info": '<circle cx="12" cy="12" r="9"/><path d="M12 11v5.5M12 7.6v.1"/>',
    "key": '<circle cx="8" cy="15" r="4.5"/><path d="m11.5 11.5 8-8M16 7l3 3"/>',
    "lock": '<rect x="5" y="11" width="14" height="9" rx="2"/><path d="M8 11V8a4 4 0 0 1 8 0v3"/>',
    "mail": '<path d="M3 6h18v13H3zM3 7l9 7 9-7"/>',
    "menu": '<path d="M4 7h16M4 12h16M4 17h16"/>',
    "minus": '<path d="M5 12h14"/>',
    "pause": '<path d="M9 5v14M15 5v14"/>',
    "people": '<circle cx="9" cy="8" r="3.5"/><path d="M2.5 20c.5-4 3-6 6.5-6s6 2 6.5 6'
    'M15.5 4.8a3.5 3.5 0 0 1 0 6.4M18 14.5c2 .8 3.2 2.7 3.5 5.5"/>',
    "phone": '<rect x="7" y="2.5" width="10" height="19" rx="2"/><path d="M11 18.5h2"/>',
    "pin": '<path d="M12 21s-7-6-7-11.5a7 7 0 0 1 14 0C19 15 12 21 12 21z"/>'
    '<circle cx="12" cy="9.5" r="2.5"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "printer": '<path d="M7 9V3h10v6M7 17H4V9h16v8h-3M7 14h10v7H7z"/>',
    "qr": '<path d="M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2h-2z'
    'M18 18h2v2h-2zM18 14h2M14 18v2"/>',
    "refresh": '<path d="M19.5 12a7.5 7.5 0 1 1-2.2-5.3L20 9.5M20 4.5v5h-5"/>',
    "search": '<circle cx="11" cy="11" r="6.5"/><path d="m16 16 5 5"/>',
    "send": '<path d="M3 11 21 3l-7 18-3.5-7.5zM10.5 13.5 21 3"/>',
    "settings": '<path d="M4 7h9M19 7h1M4 17h1M11 17h9"/><circle cx="16" cy="7" r="2.5"/>'
    '<circle cx="8" cy="17" r="2.5"/>',
    "shield": '<path d="M12 3l8 3v6c0 5-3.5 8-8 9-4.5-1-8-4-8-9V6z"/>'
    '<path d="m8.5 12 2.5 2.5 4.5-5"/>',
    "stamp": '<path d="M9 14V9.5a3.5 3.5 0 1 1 6 0V14M5 14h14v4H5zM5 21h14"/>',
    "trash": '<path d="M4 7h16M9 7V4h6v3M6 7l1 14h10l1-14M10 11v6M14 11v6"/>',
    "triangle": '<path d="M12 4 2.8 20h18.4zM12 10v4.5M12 17.3v.1"/>',
    "upload": '<path d="M12 16V4M7 9l5-5 5 5M4 16v4h16v-4"/>',
    "user": '<circle cx="12" cy="8" r="4"/><path d="M4 21c.6-4.5 3.8-6.5 8-6.5s7.4 2 8 6.5"/>',
}

#: How far the person has sunk into the post at each of the four stages.
_SINK = {1: 0, 2: 8, 3: 16, 4: 24}

_HIDDEN = mark_safe('aria-hidden="true"')


@lru_cache(maxsize=512)  # pages print the same few icons again and again
def icon(name: str, css: str = "", label: str = "") -> SafeString:
    """Return the icon as inline SVG; with a label it is a picture, without one decoration.

    Raises ValueError for a name that is not in ICONS.
    """
    if name not in ICONS:
        raise ValueError(f"No icon {name!r}; there are: {', '.join(ICONS)}")
    spoken = format_html('role="img" aria-label="{}"', label) if label else _HIDDEN
    return format_html(
        '<svg class="{}" viewBox="0 0 24 24" {} focusable="false">{}</svg>',
        f"i {css}".strip(),
        spoken,
        mark_safe(ICONS[name]),
    )


def mark() -> SafeString:
    """Return the mark: a person fitting into a post."""
    return mark_safe(
        '<svg viewBox="0 0 36 36" aria-hidden="true" focusable="false">'
        '<path class="mark-post" d="M2 15h7.5v10h17V15H34v16.5a2.5 2.5 0 0 1-2.5 2.5h-27'
        'A2.5 2.5 0 0 1 2 31.5z"/><circle class="mark-tile" cx="18" cy="5.5" r="4"/>'
        '<path class="mark-tile" d="M12.5 11.5h11v10.5h-11z"/></svg>'
    )


def stage_mark(stage: int) -> SafeString:
    """Return the mark as it stands at stage 1 to 4: the person sinks one step per stage."""
    sink = _SINK[stage]
    return format_html(
        '<svg viewBox="0 0 52 68" aria-hidden="true" focusable="false"><path class="mark-post" '
        'd="M2 40h12v15h24V40h12v24a3 3 0 0 1-3 3H5a3 3 0 0 1-3-3z"/>'
        '<circle class="mark-tile" cx="26" cy="{}" r="6"/>'
        '<path class="mark-tile" d="M18 {}h16v15H18z"/></svg>',
        6 + sink,
        15 + sink,
    )
