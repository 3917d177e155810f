"""Triggers on the shared tables: the directory's version, and an append-only operators' log."""

from typing import ClassVar

from django.db import migrations

# Deferred to the commit: the version row is locked last and for a moment, so writers of several
# firms can neither deadlock on it nor wait for each other's whole transaction.
WATCH = """
INSERT INTO public.tenants_directoryversion (id, version) VALUES (1, 1);

CREATE FUNCTION public.tenants_directory_changed() RETURNS trigger
LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
    -- Once a transaction is enough.
    IF current_setting('tenants.directory_changed', true) IS DISTINCT FROM pg_current_xact_id()::text THEN
        UPDATE tenants_directoryversion SET version = version + 1 WHERE id = 1;
        PERFORM set_config('tenants.directory_changed', pg_current_xact_id()::text, true);
    END IF;
    RETURN NULL;
END $$;
"""
TABLES = ("tenants_firm", "tenants_domain", "tenants_firmkey", "tenants_schemastate")
WATCH += "".join(
    f"""
CREATE CONSTRAINT TRIGGER {table}_changed AFTER INSERT OR UPDATE OR DELETE ON public.{table}
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.tenants_directory_changed();
"""
    for table in TABLES
)
UNWATCH = "".join(f"DROP TRIGGER {table}_changed ON public.{table};" for table in TABLES)
UNWATCH += "DROP FUNCTION public.tenants_directory_changed(); DELETE FROM public.tenants_directoryversion;"

APPEND_ONLY = """
CREATE FUNCTION public.tenants_refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
    RAISE EXCEPTION 'operator events are append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER tenants_operatorevent_append_only
BEFORE UPDATE OR DELETE OR TRUNCATE ON public.tenants_operatorevent
FOR EACH STATEMENT EXECUTE FUNCTION public.tenants_refuse_change();
"""
NOT_APPEND_ONLY = """
DROP TRIGGER tenants_operatorevent_append_only ON public.tenants_operatorevent;
DROP FUNCTION public.tenants_refuse_change();
"""


class Migration(migrations.Migration):
    """Raw SQL: Django has no words for these."""

    dependencies: ClassVar = [("tenants", "0001_initial")]
    operations: ClassVar = [
        migrations.RunSQL(WATCH, UNWATCH),
        migrations.RunSQL(APPEND_ONLY, NOT_APPEND_ONLY),
    ]
