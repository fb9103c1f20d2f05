/** How much of everything one size means. `small` is about 20,000 rows and 300 files. */
type SeedCounts = {
  readonly users: number;
  readonly clients: number;
  readonly companies: number;
  readonly yachts: number;
  readonly interests: number;
  readonly reservations: number;
  readonly invoices: number;
  readonly gdprExports: number;
  readonly receipts: number;
  readonly documents: number;
  readonly auditLogs: number;
  readonly ledgerEntries: number;
  readonly webhookReceipts: number;
};

export const seedSizes = {
  tiny: {
    users: 4,
    clients: 60,
    companies: 10,
    yachts: 50,
    interests: 70,
    reservations: 30,
    invoices: 60,
    gdprExports: 3,
    receipts: 12,
    documents: 8,
    auditLogs: 200,
    ledgerEntries: 40,
    webhookReceipts: 10,
  },
  small: {
    users: 12,
    clients: 3000,
    companies: 400,
    yachts: 2500,
    interests: 3500,
    reservations: 1200,
    invoices: 2600,
    gdprExports: 40,
    receipts: 190,
    documents: 110,
    auditLogs: 5200,
    ledgerEntries: 900,
    webhookReceipts: 320,
  },
} as const satisfies Record<string, SeedCounts>;

/**
 * Set-based and without chance: the same counts give the same rows. Times are spread evenly over the 400 days before
 * `endsAt`, so that the newest row of each table is `endsAt` itself and a backup can be told from a later one.
 */
export function seedSql(counts: SeedCounts, endsAt: Date): string {
  const end = `timestamptz '${endsAt.toISOString()}'`;
  const when = (total: number) => `${end} - interval '400 days' * (${total} - n) / ${total}.0`;
  const each = (total: number) => `generate_series(1, ${total}) as n`;
  const pick = (total: number) => `1 + (n * 7919) % ${total}`;
  const size = '1024 + (n * 7919) % 38912';
  return `
insert into "user" (email, role, created_at)
  select 'agent-' || n || '@example.invalid', case when n = 1 then 'admin' else 'agent' end, ${when(counts.users)}
  from ${each(counts.users)};
insert into clients (name, email, created_at, updated_at)
  select 'Client ' || lpad(n::text, 5, '0'), 'client-' || n || '@example.invalid', ${when(counts.clients)}, ${when(counts.clients)}
  from ${each(counts.clients)};
insert into companies (name, vat_number, created_at)
  select 'Charter company ' || n, 'XX' || lpad(n::text, 9, '0'), ${when(counts.companies)}
  from ${each(counts.companies)};
insert into yachts (client_id, company_id, name, length_cm, created_at)
  select ${pick(counts.clients)}, case when n % 5 = 0 then ${pick(counts.companies)} end, 'Yacht ' || n, 800 + (n * 37) % 4200, ${when(counts.yachts)}
  from ${each(counts.yachts)};
insert into interests (client_id, yacht_id, stage, created_at, updated_at)
  select ${pick(counts.clients)}, ${pick(counts.yachts)}, (array['new', 'visited', 'offer', 'signed', 'lost'])[1 + n % 5],
    ${when(counts.interests)}, ${when(counts.interests)}
  from ${each(counts.interests)};
insert into reservations (interest_id, berth, stay, created_at, updated_at)
  select ${pick(counts.interests)}, 'B' || 1 + n % 180, daterange(date '2026-01-01' + n % 300, date '2026-01-08' + n % 300),
    ${when(counts.reservations)}, ${when(counts.reservations)}
  from ${each(counts.reservations)};
insert into invoices (client_id, total_cents, paid_at, created_at)
  select ${pick(counts.clients)}, 12000 + (n * 7919) % 900000, case when n % 4 > 0 then ${when(counts.invoices)} end, ${when(counts.invoices)}
  from ${each(counts.invoices)};
insert into gdpr_exports (client_id, requested_by, created_at)
  select ${pick(counts.clients)}, ${pick(counts.users)}, ${when(counts.gdprExports)}
  from ${each(counts.gdprExports)};
insert into receipts (invoice_id, storage_key, size_bytes, created_at)
  select ${pick(counts.invoices)}, 'receipts/2026/' || lpad(n::text, 6, '0') || '.pdf', ${size}, ${when(counts.receipts)}
  from ${each(counts.receipts)};
insert into documents (client_id, kind, storage_key, size_bytes, created_at)
  select ${pick(counts.clients)}, k, 'documents/' || k || '/' || lpad(n::text, 6, '0') || '.pdf', ${size}, ${when(counts.documents)}
  from ${each(counts.documents)}, lateral (select (array['contract', 'eoi', 'attachment'])[1 + n % 3] as k) kinds;
insert into audit_logs (actor, action, entity, entity_id, detail, created_at)
  select 'agent-' || ${pick(counts.users)}, (array['create', 'update', 'view'])[1 + n % 3], 'client', ${pick(counts.clients)},
    jsonb_build_object('round', n), ${when(counts.auditLogs)}
  from ${each(counts.auditLogs)};
insert into ai_usage_ledger (feature, tokens, cost_micros, created_at)
  select 'receipt-ocr', 400 + n % 1600, 800 + n % 3200, ${when(counts.ledgerEntries)}
  from ${each(counts.ledgerEntries)};
insert into documenso_webhook_receipts (id, event, payload_digest, created_at)
  select md5('event ' || n)::uuid, 'document.signed', digest('event ' || n, 'sha256'), ${when(counts.webhookReceipts)}
  from ${each(counts.webhookReceipts)};
insert into reporting.monthly_revenue (month, invoice_count, total_cents, created_at)
  select date_trunc('month', created_at)::date, count(*), sum(total_cents), max(created_at)
  from invoices group by 1;
`;
}

/** The office's work between two moments: what an older backup does not have and a newer one does. */
export function laterWorkSql(from: Date, until: Date): string {
  const at = (total: number) =>
    `timestamptz '${from.toISOString()}' + (timestamptz '${until.toISOString()}' - timestamptz '${from.toISOString()}') * n / ${total}.0`;
  return `
insert into clients (name, email, created_at, updated_at)
  select 'Late client ' || n, 'late-client-' || n || '@example.invalid', ${at(40)}, ${at(40)} from generate_series(1, 40) as n;
insert into invoices (client_id, total_cents, created_at)
  select n, 25000 + n, ${at(25)} from generate_series(1, 25) as n;
insert into audit_logs (actor, action, entity, entity_id, created_at)
  select 'agent-1', 'create', 'client', n, ${at(60)} from generate_series(1, 60) as n;
`;
}
