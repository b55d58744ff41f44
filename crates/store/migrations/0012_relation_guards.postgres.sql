create trigger relation_append_only before update or delete or truncate on relation for each statement execute function refuse_change();
-- A natural person stands on no side: from a person nobody can be found (C1, L8).
create function refuse_person_in_relation() returns trigger language plpgsql as $$
begin
    if exists (select 1 from subject s where s.person <> 0 and (s.subject_id = new.other_id
        or s.subject_id = (select r.subject_id from record r where r.record_id = new.record_id))) then
        raise exception 'a natural person stands on no side of a relation';
    end if;
    return new;
end $$;
create trigger relation_no_person before insert on relation for each row execute function refuse_person_in_relation();
