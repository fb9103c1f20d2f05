import type { Grant } from '@aws-sdk/client-s3';
import { type Failure, type Outcome, succeed } from '../../base/failure.ts';
import type { ObjectAccess, ObjectAttributes } from '../../ports/object-store.ts';
import { readAttributes } from './s3-attributes.ts';
import type { S3Connection } from './s3-client.ts';

type Asked = {
  readonly key: string;
  readonly answer: Parameters<typeof readAttributes>[0] & { readonly TagCount?: number | undefined };
  readonly signal?: AbortSignal | undefined;
};
type Part = 'tags' | 'access';

/** One HEAD, and what that does not tell. */
export async function describeS3Attributes(
  connection: S3Connection,
  key: string,
): Promise<Outcome<ObjectAttributes | undefined>> {
  const head = await connection.call({
    verb: 'describe',
    key,
    perform: ({ sdk, client, options }) =>
      client.send(new sdk.HeadObjectCommand({ Bucket: connection.bucket, Key: key }), options),
  });
  if (head.ok) return succeed(await allAttributes(connection, { key, answer: head.value }));
  return head.failure.code === 'not-found' && connection.bucketSeen() ? succeed(undefined) : head;
}

/** Tags are asked for where the answer counts some, the access of every object until the store shows that it knows of none. */
export async function allAttributes(connection: S3Connection, asked: Asked): Promise<ObjectAttributes> {
  const own = readAttributes(asked.answer);
  const untold: Part[] = [];
  const tags = (asked.answer.TagCount ?? 0) > 0 ? await readTags(connection, asked) : succeed(undefined);
  if (!tags.ok) untold.push('tags');
  const access = connection.lacks.has('access') ? succeed(undefined) : await readAccess(connection, asked);
  if (!access.ok) noteLack(connection, access.failure);
  const isAbsent = connection.lacks.get('access') === 'absent';
  if (!isAbsent && (!access.ok || connection.lacks.has('access'))) untold.push('access');
  return {
    ...own,
    ...(tags.ok && tags.value !== undefined ? { tags: tags.value } : {}),
    ...(access.ok && access.value !== undefined ? { access: access.value } : {}),
    ...(untold.length === 0 ? {} : { untold }),
  };
}

/** A store without ACLs says so; one that keeps its rights by policies alone refuses whoever asks for them. */
function noteLack({ lacks }: S3Connection, { code }: Failure): void {
  if (code === 'invalid-input') lacks.set('access', 'absent');
  if (code === 'denied') lacks.set('access', 'denied');
}

async function readTags(
  connection: S3Connection,
  { key, signal }: Asked,
): Promise<Outcome<Readonly<Record<string, string>>>> {
  const answer = await connection.call({
    verb: 'read the tags of',
    key,
    signal,
    perform: ({ sdk, client, options }) =>
      client.send(new sdk.GetObjectTaggingCommand({ Bucket: connection.bucket, Key: key }), options),
  });
  if (!answer.ok) return answer;
  const pairs = (answer.value.TagSet ?? []).map(({ Key = '', Value = '' }) => [Key, Value]);
  return succeed(Object.fromEntries(pairs));
}

async function readAccess(
  connection: S3Connection,
  { key, signal }: Asked,
): Promise<Outcome<ObjectAccess | undefined>> {
  const answer = await connection.call({
    verb: 'read who may read',
    key,
    signal,
    perform: ({ sdk, client, options }) =>
      client.send(new sdk.GetObjectAclCommand({ Bucket: connection.bucket, Key: key }), options),
  });
  if (!answer.ok) return answer;
  const { Owner, Grants = [] } = answer.value;
  // MinIO answers everybody the same, for an owner without a name: it has no ACLs.
  if (!Owner?.ID) {
    connection.lacks.set('access', 'absent');
    return succeed(undefined);
  }
  return succeed(cannedAccess(Grants, Owner.ID));
}

const groups = 'http://acs.amazonaws.com/groups/';

/** docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl */
function cannedAccess(grants: readonly Grant[], owner: string): ObjectAccess | undefined {
  const others = grants
    .filter(({ Grantee }) => Grantee?.URI !== undefined || Grantee?.ID !== owner)
    .map(({ Grantee, Permission }) => `${Grantee?.URI?.replace(groups, '') ?? 'somebody'} ${Permission}`)
    .sort()
    .join(', ');
  if (others === '') return undefined;
  if (others === 'global/AllUsers READ') return 'public-read';
  if (others === 'global/AllUsers READ, global/AllUsers WRITE') return 'public-read-write';
  return others === 'global/AuthenticatedUsers READ' ? 'authenticated-read' : 'other';
}

/**
 * Sends with all attributes, and where the store or the rights of this credential refuse tags or access, without these: the content
 * matters more. What was refused once is not sent again.
 */
export async function sendFitting<T>(
  { connection: { lacks }, attributes }: { connection: S3Connection; attributes: ObjectAttributes },
  send: (attributes: ObjectAttributes) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const given = (['access', 'tags'] as const).filter((part) => attributes[part] !== undefined);
  const ways: (readonly Part[])[] = [[], ['access'], ['tags'], ['access', 'tags']];
  const fitting = ways.filter(
    (left) =>
      left.every((part) => given.includes(part)) &&
      given.every((part) => left.includes(part) || !lacks.has(part)),
  );
  const [all = [], ...lesser] = fitting;
  const first = await send(without(attributes, all));
  if (first.ok || !isRefusal(first.failure)) return first;
  for (const left of lesser) {
    const sent = await send(without(attributes, left));
    if (sent.ok)
      for (const part of left) lacks.set(part, first.failure.code === 'denied' ? 'denied' : 'absent');
    if (sent.ok || !isRefusal(sent.failure)) return sent;
  }
  return first;
}

function isRefusal({ code }: Failure): boolean {
  return code === 'denied' || code === 'invalid-input';
}

function without(attributes: ObjectAttributes, parts: readonly Part[]): ObjectAttributes {
  const kept = Object.entries(attributes).filter(([name]) => !parts.some((part) => part === name));
  return { ...Object.fromEntries(kept), metadata: attributes.metadata };
}
