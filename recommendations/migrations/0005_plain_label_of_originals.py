from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("recommendations", "0004_letterhead_is_there"),
    ]

    operations = [
        migrations.AlterField(
            model_name="export",
            name="content",
            field=models.CharField(
                choices=[
                    ("originals", "ZIP: surat asli, satu berkas per surat"),
                    ("copy", "PDF: salinan gabungan untuk dibaca dan dicetak"),
                    ("table", "XLSX: daftar surat dan nama"),
                    ("register", "XLSX: register nomor surat"),
                ],
                max_length=9,
                verbose_name="isi",
            ),
        ),
    ]
