from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("proposals", "0001_initial")]

    operations = [
        migrations.AddIndex(
            model_name="proposal",
            index=models.Index(
                condition=models.Q(("resubmissions__gt", 0)),
                fields=["status", "status_since", "id"],
                name="proposal_sent_again",
            ),
        ),
        migrations.AddIndex(
            model_name="proposal",
            index=models.Index(fields=["status_since", "id"], name="proposal_changed"),
        ),
        migrations.AddIndex(
            model_name="proposal",
            index=models.Index(fields=["period", "status"], name="proposal_period"),
        ),
    ]
