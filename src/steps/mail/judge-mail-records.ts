import { createPublicKey } from 'node:crypto';
import { type Outcome, succeed } from '../../base/failure.ts';
import { type Check, couldNotVerify, failed, passed } from '../../base/verdict.ts';
import type { RecordType } from '../../ports/mail.ts';
import type { MailRecord } from './kinds.ts';

/** One question to DNS: records of that name, empty where there are none. */
export type Ask = (name: string, type: RecordType) => Promise<Outcome<readonly string[]>>;

type RecordOf<K extends MailRecord['kind']> = Extract<MailRecord, { kind: K }>;

export async function judgeRecord(record: MailRecord, ask: Ask): Promise<Outcome<readonly Check[]>> {
  switch (record.kind) {
    case 'spf':
      return judgeSpf(record, ask);
    case 'dkim':
      return judgeDkim(record, ask);
    case 'dmarc':
      return judgeDmarc(record, ask);
    case 'mx':
      return judgeMx(record, ask);
    case 'txt':
      return judgeText(record, ask);
  }
}

/** RFC 7208: one record, ten lookups at most, and an end that does not let everybody in. */
async function judgeSpf(record: RecordOf<'spf'>, ask: Ask): Promise<Outcome<readonly Check[]>> {
  const found = await ask(record.domain, 'TXT');
  if (!found.ok) return found;
  const policies = found.value.filter((text) => /^v=spf1( |$)/i.test(text));
  const name = `SPF of ${record.domain}`;
  const [policy] = policies;
  if (policy === undefined || policies.length > 1) {
    const what =
      policy === undefined ? 'there is none' : `there are ${policies.length}, which counts as none`;
    return succeed([
      failed(`${name}: ${what}`, `Publish one TXT record: v=spf1 ${record.includes.join(' ')} -all`),
    ]);
  }
  const terms = policy.toLowerCase().split(/\s+/);
  const missing = record.includes.filter((wanted) => !terms.includes(wanted.toLowerCase()));
  const checks: Check[] = [
    missing.length === 0
      ? passed(`${name}: ${policy}`)
      : failed(`${name} lacks ${missing.join(', ')}: ${policy}`, `Add ${missing.join(' ')} before its end.`),
  ];
  if (!terms.some((term) => /^[-~]all$/.test(term) || term.startsWith('redirect='))) {
    checks.push(failed(`${name} lets every server send: it does not end in -all or ~all`, 'End it in -all.'));
  }
  const lookups = await countLookups({ domain: record.domain, ask, depth: 0 });
  if (!lookups.ok) return lookups;
  checks.push(
    lookups.value <= 10
      ? passed(`${name} needs ${lookups.value} of 10 lookups`)
      : failed(
          `${name} needs ${lookups.value} lookups; receivers stop at 10 and refuse`,
          'Leave out includes that no longer send.',
        ),
  );
  return succeed(checks);
}

/** Every include, a, mx, ptr, exists and redirect costs one, those inside an include too. */
async function countLookups(at: {
  readonly domain: string;
  readonly ask: Ask;
  readonly depth: number;
}): Promise<Outcome<number>> {
  if (at.depth > 10) return succeed(11);
  const found = await at.ask(at.domain, 'TXT');
  if (!found.ok) return found;
  const policy = found.value.find((text) => /^v=spf1( |$)/i.test(text)) ?? '';
  let sum = 0;
  for (const term of policy.split(/\s+/).slice(1)) {
    const [, mechanism, domain] =
      /^[-~?+]?(include|redirect|a|mx|ptr|exists)(?:[:=]([^\s/]+)|\/|$)/i.exec(term) ?? [];
    if (mechanism === undefined) continue;
    sum += 1;
    if (!/^(include|redirect)$/i.test(mechanism) || domain === undefined) continue;
    const inner = await countLookups({ ...at, domain, depth: at.depth + 1 });
    if (!inner.ok) return inner;
    sum += inner.value;
  }
  return succeed(sum);
}

/** RFC 6376: a key that is there, is not withdrawn, and is one. */
async function judgeDkim(record: RecordOf<'dkim'>, ask: Ask): Promise<Outcome<readonly Check[]>> {
  const name = `${record.selector}._domainkey.${record.domain}`;
  const found = await ask(name, 'TXT');
  if (!found.ok) return found;
  const keys = found.value.map(readTags).filter((tags) => tags.has('p'));
  const [tags] = keys;
  const say = `DKIM key ${record.selector} of ${record.domain}`;
  if (tags === undefined || keys.length > 1) {
    const what = tags === undefined ? 'is not published' : `is published ${keys.length} times`;
    return succeed([
      failed(`${say} ${what}`, `Publish the key that the provider shows as one TXT record of ${name}.`),
    ]);
  }
  const key = tags.get('p') ?? '';
  if (key === '')
    return succeed([
      failed(`${say} is withdrawn: its p= is empty`, 'Publish the current key of the provider.'),
    ]);
  const bits = keyBits(key, tags.get('k') ?? 'rsa');
  if (bits === undefined)
    return succeed([
      failed(`${say} cannot be read as a key`, 'Publish it again, in one piece and without quotes inside.'),
    ]);
  if (bits === 'ed25519') return succeed([passed(`${say}: Ed25519`)]);
  if (bits < 1024)
    return succeed([failed(`${say} has ${bits} bits; receivers ignore it`, 'Make a key of 2048 bits.')]);
  if (bits < 2048)
    return succeed([couldNotVerify(`${say} has only ${bits} bits`, 'Make a key of 2048 bits soon.')]);
  return succeed([passed(`${say}: RSA of ${bits} bits`)]);
}

function keyBits(base64: string, kind: string): number | 'ed25519' | undefined {
  const bytes = Buffer.from(base64.replace(/\s/g, ''), 'base64');
  if (kind === 'ed25519') return bytes.length === 32 ? 'ed25519' : undefined;
  try {
    return createPublicKey({ key: bytes, format: 'der', type: 'spki' }).asymmetricKeyDetails?.modulusLength;
  } catch {
    // Node throws for what is no key: the caller says so.
    return undefined;
  }
}

/** RFC 7489. A policy of none only watches. */
async function judgeDmarc(record: RecordOf<'dmarc'>, ask: Ask): Promise<Outcome<readonly Check[]>> {
  const found = await ask(`_dmarc.${record.domain}`, 'TXT');
  if (!found.ok) return found;
  const policies = found.value.filter((text) => /^v=DMARC1\s*(;|$)/.test(text));
  const name = `DMARC of ${record.domain}`;
  const [policy] = policies;
  if (policy === undefined || policies.length > 1) {
    const what =
      policy === undefined ? 'there is none' : `there are ${policies.length}, which counts as none`;
    return succeed([
      failed(
        `${name}: ${what}`,
        `Publish one TXT record of _dmarc.${record.domain}: v=DMARC1; p=${record.policy}`,
      ),
    ]);
  }
  const order = ['none', 'quarantine', 'reject'];
  const level = readTags(policy).get('p')?.toLowerCase() ?? '';
  if (!order.includes(level))
    return succeed([failed(`${name} has no policy: ${policy}`, 'Add p=quarantine.')]);
  if (order.indexOf(level) >= order.indexOf(record.policy)) return succeed([passed(`${name}: ${policy}`)]);
  return succeed([
    couldNotVerify(
      `${name} is p=${level}, and p=${record.policy} is wanted: ${policy}`,
      `Raise it to p=${record.policy} once the reports are clean.`,
    ),
  ]);
}

/** RFC 5321 and 7505: hosts with addresses, none of them an alias. */
async function judgeMx(record: RecordOf<'mx'>, ask: Ask): Promise<Outcome<readonly Check[]>> {
  const found = await ask(record.domain, 'MX');
  if (!found.ok) return found;
  const name = `MX of ${record.domain}`;
  const hosts = found.value.map((text) => text.split(' ')[1] ?? '');
  if (hosts.length === 0 || hosts.every((host) => host === '' || host === '.')) {
    return succeed([
      failed(
        `${name}: the domain takes no mail, so bounces and answers are lost`,
        'Publish the MX hosts of the provider.',
      ),
    ]);
  }
  const missing = record.hosts.filter(
    (wanted) => !hosts.some((host) => host.toLowerCase() === wanted.toLowerCase()),
  );
  if (missing.length > 0)
    return succeed([
      failed(`${name} lacks ${missing.join(', ')}; it has ${hosts.join(', ')}`, 'Correct the MX records.'),
    ]);
  const dead: string[] = [];
  for (const host of hosts) {
    const [four, six, alias] = [await ask(host, 'A'), await ask(host, 'AAAA'), await ask(host, 'CNAME')];
    if (!four.ok) return four;
    if (!six.ok) return six;
    if (alias.ok && alias.value.length > 0) dead.push(`${host} (an alias)`);
    else if (four.value.length + six.value.length === 0) dead.push(`${host} (no address)`);
  }
  if (dead.length > 0)
    return succeed([
      failed(`${name} leads nowhere: ${dead.join(', ')}`, 'Correct the hosts of the MX records.'),
    ]);
  return succeed([passed(`${name}: ${found.value.join(', ')}`)]);
}

async function judgeText(record: RecordOf<'txt'>, ask: Ask): Promise<Outcome<readonly Check[]>> {
  const found = await ask(record.name, 'TXT');
  if (!found.ok) return found;
  const hit = found.value.find((text) => text.includes(record.contains));
  if (hit !== undefined) return succeed([passed(`TXT of ${record.name}: ${hit}`)]);
  return succeed([failed(`no TXT record of ${record.name} holds "${record.contains}"`, 'Publish it.')]);
}

/** `v=DKIM1; k=rsa; p=MIG…` */
function readTags(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(';').flatMap((part) => {
      const at = part.indexOf('=');
      return at < 0 ? [] : [[part.slice(0, at).trim(), part.slice(at + 1).trim()] as const];
    }),
  );
}
