create trigger relation_no_update before update on relation begin select raise(abort, 'fact table relation is append-only'); end;
create trigger relation_no_delete before delete on relation begin select raise(abort, 'fact table relation is append-only'); end;
-- A natural person stands on no side: from a person nobody can be found (C1, L8).
create trigger relation_no_person before insert on relation when exists (
    select 1 from subject s where s.person <> 0 and (s.subject_id = new.other_id
        or s.subject_id = (select r.subject_id from record r where r.record_id = new.record_id)))
begin select raise(abort, 'a natural person stands on no side of a relation'); end;
