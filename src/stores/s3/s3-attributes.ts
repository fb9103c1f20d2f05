import type { ObjectAttributes } from '../../ports/object-store.ts';

/** The part of an S3 answer or request that describes an object to those who fetch it later. */
type S3AttributeFields = {
  readonly ContentType?: string | undefined;
  readonly ContentEncoding?: string | undefined;
  readonly ContentDisposition?: string | undefined;
  readonly ContentLanguage?: string | undefined;
  readonly CacheControl?: string | undefined;
  readonly ExpiresString?: string | undefined;
  readonly WebsiteRedirectLocation?: string | undefined;
  readonly Metadata?: Record<string, string> | undefined;
};

export function readAttributes(fields: S3AttributeFields): ObjectAttributes {
  const contentEncoding = withoutTransferCoding(fields.ContentEncoding);
  const metadata = Object.entries(fields.Metadata ?? {}).map(([name, value]) => [name, decodeHeader(value)]);
  return {
    ...(fields.ContentType ? { contentType: decodeHeader(fields.ContentType) } : {}),
    ...(contentEncoding ? { contentEncoding } : {}),
    ...(fields.ContentDisposition ? { contentDisposition: decodeHeader(fields.ContentDisposition) } : {}),
    ...(fields.ContentLanguage ? { contentLanguage: decodeHeader(fields.ContentLanguage) } : {}),
    ...(fields.CacheControl ? { cacheControl: decodeHeader(fields.CacheControl) } : {}),
    ...(fields.ExpiresString ? { expires: fields.ExpiresString } : {}),
    ...(fields.WebsiteRedirectLocation ? { redirect: fields.WebsiteRedirectLocation } : {}),
    metadata: Object.fromEntries(metadata),
  };
}

/** The same fields as a request wants them; what is not known is left out, so that the store's default applies. */
export function writeAttributes(attributes: ObjectAttributes) {
  const metadata = Object.entries(attributes.metadata).map(([name, value]) => [name, encodeHeader(value)]);
  const expires = new Date(attributes.expires ?? Number.NaN);
  const { access, tags = {} } = attributes;
  return {
    ...(attributes.contentType ? { ContentType: encodeHeader(attributes.contentType) } : {}),
    ...(attributes.contentEncoding ? { ContentEncoding: attributes.contentEncoding } : {}),
    ...(attributes.contentDisposition
      ? { ContentDisposition: encodeHeader(attributes.contentDisposition) }
      : {}),
    ...(attributes.contentLanguage ? { ContentLanguage: encodeHeader(attributes.contentLanguage) } : {}),
    ...(attributes.cacheControl ? { CacheControl: encodeHeader(attributes.cacheControl) } : {}),
    // "0" and "-1" are usual and no times: the SDK sends none but times, and both mean long ago.
    ...(attributes.expires
      ? { Expires: Number.isNaN(expires.getTime()) || expires.getTime() < 0 ? new Date(0) : expires }
      : {}),
    ...(attributes.redirect ? { WebsiteRedirectLocation: attributes.redirect } : {}),
    ...(Object.keys(tags).length > 0 ? { Tagging: encodeTags(tags) } : {}),
    ...(access === undefined || access === 'other' ? {} : { ACL: access }),
    ...(metadata.length > 0 ? { Metadata: Object.fromEntries(metadata) as Record<string, string> } : {}),
  };
}

function encodeTags(tags: Readonly<Record<string, string>>): string {
  return Object.entries(tags)
    .map((pair) => pair.map(encodeURIComponent).join('='))
    .join('&');
}

/** Some stores keep the upload's own framing (`aws-chunked`) as if it were a property of the content. */
function withoutTransferCoding(encoding: string | undefined): string {
  const kept = (encoding ?? '').split(',').map((coding) => coding.trim());
  return kept.filter((coding) => coding !== '' && coding !== 'aws-chunked').join(', ');
}

const encodedWord = /^=\?utf-8\?b\?([a-z0-9+/=]*)\?=$/i;

/** Headers carry ASCII. S3 wants anything else as an encoded word (RFC 2047), and hands it back that way. */
function encodeHeader(value: string): string {
  if (/^[\x20-\x7e\t]*$/.test(value)) return value;
  return `=?UTF-8?B?${Buffer.from(value).toString('base64')}?=`;
}

function decodeHeader(value: string): string {
  const word = encodedWord.exec(value)?.[1];
  if (word !== undefined) return Buffer.from(word, 'base64').toString();
  if (/^[\x20-\x7e\t]*$/.test(value)) return value;
  // Node reads header bytes as Latin-1; a store that sends raw UTF-8 is read again as what it meant.
  const bytes = Buffer.from(value, 'latin1');
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) ? text : value;
}
