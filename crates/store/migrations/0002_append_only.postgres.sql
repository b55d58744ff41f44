-- Facts are append-only (E4): no configuration and no statement of ours can change or delete a row.
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'fact table % is append-only', tg_table_name;
end $$;
create trigger journal_append_only before update or delete or truncate on journal for each statement execute function refuse_change();
create trigger pack_append_only before update or delete or truncate on pack for each statement execute function refuse_change();
create trigger subject_code_append_only before update or delete or truncate on subject_code for each statement execute function refuse_change();
create trigger subject_alias_append_only before update or delete or truncate on subject_alias for each statement execute function refuse_change();
create trigger batch_append_only before update or delete or truncate on batch for each statement execute function refuse_change();
create trigger batch_commit_append_only before update or delete or truncate on batch_commit for each statement execute function refuse_change();
create trigger batch_recall_append_only before update or delete or truncate on batch_recall for each statement execute function refuse_change();
create trigger record_append_only before update or delete or truncate on record for each statement execute function refuse_change();
create trigger record_closing_append_only before update or delete or truncate on record_closing for each statement execute function refuse_change();
create trigger confirmation_append_only before update or delete or truncate on confirmation for each statement execute function refuse_change();
create trigger verdict_append_only before update or delete or truncate on verdict for each statement execute function refuse_change();
create trigger waiting_row_append_only before update or delete or truncate on waiting_row for each statement execute function refuse_change();
create trigger row_ruling_append_only before update or delete or truncate on row_ruling for each statement execute function refuse_change();
create trigger check_event_append_only before update or delete or truncate on check_event for each statement execute function refuse_change();
create trigger obligation_append_only before update or delete or truncate on obligation for each statement execute function refuse_change();
create trigger feedback_append_only before update or delete or truncate on feedback for each statement execute function refuse_change();
create trigger obligation_closing_append_only before update or delete or truncate on obligation_closing for each statement execute function refuse_change();
create trigger decision_append_only before update or delete or truncate on decision for each statement execute function refuse_change();
create trigger access_append_only before update or delete or truncate on access for each statement execute function refuse_change();
create trigger decision_cause_append_only before update or delete or truncate on decision_cause for each statement execute function refuse_change();
create trigger record_of_subject_append_only before update or delete or truncate on record_of_subject for each statement execute function refuse_change();
create trigger record_of_chain_append_only before update or delete or truncate on record_of_chain for each statement execute function refuse_change();
