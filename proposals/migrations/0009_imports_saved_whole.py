"""Whether all rows of a file are saved in one act, or only the good ones."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("proposals", "0008_slots_that_hold_up")]

    operations = [
        migrations.AddField(
            model_name="importbatch",
            name="is_whole",
            field=models.BooleanField(
                default=False,
                help_text="chosen when saving begins",
                verbose_name="semua atau tidak sama sekali",
            ),
        )
    ]
