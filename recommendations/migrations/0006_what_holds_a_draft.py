from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("recommendations", "0005_plain_label_of_originals"),
    ]

    operations = [
        migrations.AddField(
            model_name="letter",
            name="checked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="letter",
            name="hold_code",
            field=models.CharField(blank=True, max_length=11),
        ),
        migrations.AddField(
            model_name="letter",
            name="hold_text",
            field=models.CharField(blank=True, max_length=500, verbose_name="isi yang menahan"),
        ),
    ]
