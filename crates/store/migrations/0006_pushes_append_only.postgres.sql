create trigger subscription_append_only before update or delete or truncate on subscription for each statement execute function refuse_change();
create trigger push_event_append_only before update or delete or truncate on push_event for each statement execute function refuse_change();
create trigger push_resend_append_only before update or delete or truncate on push_resend for each statement execute function refuse_change();
create trigger outbound_host_append_only before update or delete or truncate on outbound_host for each statement execute function refuse_change();
create trigger push_reconciliation_append_only before update or delete or truncate on push_reconciliation for each statement execute function refuse_change();
