/**
 * The CRM of a small harbour. It holds on purpose what restores trip over: identity columns and a sequence of its own,
 * an extension, a view, a restricting foreign key, a second schema, and settings encrypted under a key that no dump
 * contains.
 */
export const crmSchema = `
create extension pgcrypto;
create extension pg_trgm;

create table "user" (
  id bigint generated always as identity primary key,
  email text not null unique,
  role text not null default 'agent',
  created_at timestamptz not null default now()
);

create table clients (
  id bigint generated always as identity primary key,
  name text not null,
  email text not null unique,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index clients_name_trgm on clients using gin (name gin_trgm_ops);

create table companies (
  id bigint generated always as identity primary key,
  name text not null,
  vat_number text unique,
  created_at timestamptz not null default now()
);

create table yachts (
  id bigint generated always as identity primary key,
  client_id bigint references clients (id) on delete cascade,
  company_id bigint references companies (id),
  name text not null,
  length_cm integer not null check (length_cm > 0),
  created_at timestamptz not null default now()
);

create table interests (
  id bigint generated always as identity primary key,
  client_id bigint not null references clients (id) on delete cascade,
  yacht_id bigint references yachts (id),
  stage text not null default 'new',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index interests_updated_at on interests (updated_at);

create table reservations (
  id bigint generated always as identity primary key,
  interest_id bigint references interests (id) on delete cascade,
  berth text not null,
  stay daterange not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create sequence invoice_number_seq start 1001;
create table invoices (
  id bigint generated always as identity primary key,
  number text not null unique default 'PN-' || nextval('invoice_number_seq'),
  client_id bigint not null references clients (id) on delete cascade,
  total_cents bigint not null,
  paid_at timestamptz,
  created_at timestamptz not null default now()
);
create index invoices_created_at on invoices (created_at);

create table gdpr_exports (
  id bigint generated always as identity primary key,
  client_id bigint references clients (id) on delete cascade,
  requested_by bigint not null references "user" (id) on delete restrict,
  created_at timestamptz not null default now()
);

create table receipts (
  id bigint generated always as identity primary key,
  invoice_id bigint references invoices (id) on delete cascade,
  storage_key text not null unique,
  size_bytes integer not null,
  created_at timestamptz not null default now()
);

create table documents (
  id bigint generated always as identity primary key,
  client_id bigint references clients (id) on delete cascade,
  kind text not null,
  storage_key text not null unique,
  size_bytes integer not null,
  created_at timestamptz not null default now()
);

create table audit_logs (
  id bigint generated always as identity primary key,
  actor text not null,
  action text not null,
  entity text not null,
  entity_id bigint,
  detail jsonb not null default '{}',
  created_at timestamptz not null default now()
);
create index audit_logs_created_at on audit_logs (created_at);

create table ai_usage_ledger (
  id bigint generated always as identity primary key,
  feature text not null,
  tokens integer not null,
  cost_micros bigint not null,
  created_at timestamptz not null default now()
);

create table documenso_webhook_receipts (
  id uuid primary key default gen_random_uuid(),
  event text not null,
  payload_digest bytea not null,
  created_at timestamptz not null default now()
);

create table system_settings (
  key text primary key,
  value text not null,
  encrypted boolean not null default false,
  updated_at timestamptz not null default now()
);

create view open_invoices as
  select i.id, i.number, c.name as client, i.total_cents, i.created_at
  from invoices i join clients c on c.id = i.client_id
  where i.paid_at is null;

create schema reporting;
create table reporting.monthly_revenue (
  month date primary key,
  invoice_count integer not null,
  total_cents bigint not null,
  created_at timestamptz not null default now()
);
`;
