import { createSocket } from 'node:dgram';

export type DnsServer = {
  /** address:port. */
  readonly address: string;
  /** Records by `TYPE name`: what is not there does not exist. */
  readonly records: Map<string, readonly string[]>;
  /** Everything it was asked, as `TYPE name`. */
  readonly asked: string[];
  /** From now on it answers SERVFAIL. */
  fail(): void;
  close(): Promise<void>;
};

const types = { A: 1, CNAME: 5, MX: 15, TXT: 16, AAAA: 28 } as const;
type Type = keyof typeof types;

/** A name server on 127.0.0.1, as much of RFC 1035 as a resolver needs to get an answer over UDP. */
export async function startDnsServer(): Promise<DnsServer> {
  const records = new Map<string, readonly string[]>();
  const asked: string[] = [];
  let failing = false;
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const { name, type, end } = readQuestion(query);
    asked.push(`${type} ${name}`);
    const found = records.get(`${type} ${name}`) ?? [];
    const exists = [...records.keys()].some((key) => key.endsWith(` ${name}`));
    const code = failing ? 2 : exists ? 0 : 3;
    socket.send(answer({ query, end, type, found: failing ? [] : found, code }), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    records,
    asked,
    fail: () => {
      failing = true;
    },
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

function readQuestion(query: Buffer): { name: string; type: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  const number = query.readUInt16BE(at + 1);
  const type = Object.entries(types).find(([, value]) => value === number)?.[0] ?? String(number);
  return { name: labels.join('.'), type, end: at + 5 };
}

function answer(given: {
  readonly query: Buffer;
  readonly end: number;
  readonly type: string;
  readonly found: readonly string[];
  readonly code: number;
}): Buffer {
  const { query, end, type, found, code } = given;
  const head = Buffer.alloc(12);
  query.copy(head, 0, 0, 2);
  head.writeUInt16BE(0x8580 | code, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(found.length, 6);
  const rows = found.map((text) => {
    const data = encode(type as Type, text);
    const row = Buffer.alloc(12);
    // A pointer back to the name in the question.
    row.writeUInt16BE(0xc00c, 0);
    row.writeUInt16BE(types[type as Type], 2);
    row.writeUInt16BE(1, 4);
    row.writeUInt32BE(60, 6);
    row.writeUInt16BE(data.length, 10);
    return Buffer.concat([row, data]);
  });
  return Buffer.concat([head, query.subarray(12, end), ...rows]);
}

function encode(type: Type, text: string): Buffer {
  if (type === 'A') return Buffer.from(text.split('.').map(Number));
  if (type === 'MX') {
    const [priority, host] = text.split(' ');
    const number = Buffer.alloc(2);
    number.writeUInt16BE(Number(priority));
    return Buffer.concat([number, encodeName(host ?? '')]);
  }
  if (type === 'TXT') {
    // Longer texts travel in pieces of 255 bytes, as those of DKIM always do.
    const pieces = text.match(/.{1,255}/gs) ?? [''];
    return Buffer.concat(pieces.map((piece) => Buffer.from([piece.length, ...Buffer.from(piece)])));
  }
  return encodeName(text);
}

function encodeName(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  return Buffer.concat([
    ...labels.map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.from([0]),
  ]);
}
