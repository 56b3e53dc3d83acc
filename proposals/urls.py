from django.urls import URLPattern

app_name = "proposals"
# One block per page group, in the order of the walk.
urlpatterns: list[URLPattern] = [
    # Operator requests
    # Formations
    # Candidates
    # Participant
    # Documents
]
