from typing import ClassVar

from django.db import migrations, models
from django.db.models.functions import Lower


class Migration(migrations.Migration):
    """Each kind of thing that a plain SQL plan makes: column, index, table, foreign key, function, trigger."""

    dependencies: ClassVar = [("sessions", "0001_initial")]
    operations: ClassVar = [
        migrations.AddField("session", "note", models.CharField(max_length=50, default="none")),
        migrations.AddIndex("session", models.Index(Lower("note"), name="session_note_lower")),
        migrations.CreateModel(
            "Mark",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("session", models.ForeignKey("sessions.Session", models.CASCADE)),
                ("label", models.CharField(max_length=20)),
            ],
        ),
        migrations.AddConstraint("mark", models.UniqueConstraint(fields=["session", "label"], name="mark_once")),
        migrations.RunSQL(
            """
            CREATE FUNCTION mark_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION '100%% refused'; END $$;
            CREATE TRIGGER mark_keep BEFORE DELETE ON sessions_mark FOR EACH ROW EXECUTE FUNCTION mark_refuses();
            """,
            "DROP TRIGGER mark_keep ON sessions_mark; DROP FUNCTION mark_refuses();",
        ),
    ]
