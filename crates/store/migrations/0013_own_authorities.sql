-- Certificates of the authorities by which alone a host is known, as PEM; null: the public ones and those of the office.
alter table outbound_host add column authorities text;
