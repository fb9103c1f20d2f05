import { findMeaning, type Meaning } from '../../base/failure.ts';

const later = 'Wait a minute, then try again.';
const notThere: Meaning = [
  'invalid-input',
  'this store does not know of that ({answer})',
  'Use a store that has it, or do without.',
  'never',
];
const busy: Meaning = ['unreachable', 'the store at {host} is busy or in trouble ({answer})', later, 'safe'];
const badSession: Meaning = [
  'denied',
  'the session these credentials belong to is over',
  'Enter credentials that are valid now, with their session token.',
  'after-fix',
];
const badToken: Meaning = [
  'denied',
  'the store does not take the session token: it is of other keys, or its session is over',
  'Enter the access key, the secret key and the session token anew, as they were given together.',
  'after-fix',
];
const wrongRegion: Meaning = [
  'invalid-input',
  'the bucket lies in another region than the one given',
  'Give the region and the endpoint of that bucket.',
  'after-fix',
];
/** Of Alibaba OSS, Volcengine TOS and Tencent COS. */
const wrongAddressing: Meaning = [
  'invalid-input',
  'the store takes the name of the bucket in the host name alone ({answer})',
  'Set `addressing: virtual` at this store.',
  'after-fix',
];
const badName: Meaning = [
  'invalid-input',
  'the store does not take such a name or argument ({answer})',
  'Change the name; the detail says what the store says about it.',
  'never',
];
const storeFull: Meaning = [
  'out-of-space',
  'the store is full or the quota is used up',
  'Give the store more room, or raise the quota.',
  'after-fix',
];
const damagedOnTheWay: Meaning = [
  'damaged',
  'the bytes that reached the store are not the ones sent',
  'Try again; if it repeats, check the network path to the store.',
  'safe',
];
const inTheWay: Meaning = [
  'conflict',
  'another object stands in the way (one key is also the beginning of another)',
  'Use a store that can hold both keys, or rename one of them.',
  'after-fix',
];

/** S3 error codes: docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html; X… ones are MinIO's. */
const s3Codes: Readonly<Record<string, Meaning>> = {
  InvalidAccessKeyId: [
    'denied',
    'the store does not know this access key',
    'Enter the access key of this very store; check that backup and production credentials are not swapped.',
    'after-fix',
  ],
  SignatureDoesNotMatch: [
    'denied',
    'the secret key does not belong to this access key',
    'Enter the secret key again, whole and without spaces around it.',
    'after-fix',
  ],
  RequestTimeTooSkewed: [
    'denied',
    "this host's clock {skew} the store's clock",
    "Set this host's clock (timedatectl set-ntp true), then try again.",
    'after-fix',
  ],
  AccessDenied: [
    'denied',
    'access is denied to {who}',
    'Allow {who} that action on this bucket, or use one that may.',
    'after-fix',
  ],
  AllAccessDisabled: ['denied', 'all access to it is disabled', 'Ask the owner of the store.', 'after-fix'],
  ExpiredToken: badSession,
  InvalidToken: badToken,
  InvalidTokenId: badToken,
  InvalidObjectState: [
    'denied',
    'the object is archived and cannot be read at once',
    'Restore it first (aws s3api restore-object, or the question that this step asks), wait until that is done, then try again.',
    'after-fix',
  ],
  GlacierExpeditedRetrievalNotAvailable: [
    'conflict',
    'the store has no room for quick retrievals now',
    'Ask for a slower one: standard or bulk.',
    'after-fix',
  ],
  NoSuchBucket: [
    'not-found',
    'there is no such bucket',
    'Check the name of the bucket and the endpoint.',
    'after-fix',
  ],
  NoSuchKey: [
    'not-found',
    'there is no such object',
    'List the store again and choose what is there.',
    'after-fix',
  ],
  NotFound: [
    'not-found',
    'there is no such object',
    'List the store again and choose what is there.',
    'after-fix',
  ],
  PreconditionFailed: [
    'conflict',
    'the object has changed meanwhile',
    'List the store again and start over with the object as it is now.',
    'after-fix',
  ],
  InvalidRange: ['invalid-input', 'the object has no such bytes', 'Ask for bytes that it has.', 'never'],
  BadDigest: damagedOnTheWay,
  IncompleteBody: damagedOnTheWay,
  XAmzContentSHA256Mismatch: damagedOnTheWay,
  PermanentRedirect: wrongRegion,
  TemporaryRedirect: busy,
  AuthorizationHeaderMalformed: wrongRegion,
  IllegalLocationConstraintException: wrongRegion,
  NotImplemented: notThere,
  MethodNotAllowed: notThere,
  AccessControlListNotSupported: notThere,
  SecondLevelDomainForbidden: wrongAddressing,
  InvalidPathAccess: wrongAddressing,
  PathStyleDomainForbidden: wrongAddressing,
  InvalidBucketName: badName,
  KeyTooLongError: badName,
  InvalidArgument: badName,
  XMinioInvalidObjectName: badName,
  XMinioParentIsObject: inTheWay,
  XMinioObjectExistsAsDirectory: inTheWay,
  OperationAborted: ['conflict', 'another change is under way', later, 'safe'],
  QuotaExceeded: storeFull,
  InsufficientStorage: storeFull,
  XMinioStorageFull: storeFull,
  XMinioAdminBucketQuotaExceeded: storeFull,
  SlowDown: busy,
  InternalError: busy,
  ServiceUnavailable: busy,
  RequestTimeout: busy,
};

export function meaningOfS3Code(code: string): Meaning | undefined {
  return findMeaning(s3Codes, code);
}

/** For answers without an S3 error code: a HEAD has no body, and a proxy in between knows no S3. */
export function meaningOfStatus(status: number | undefined): Meaning {
  if (status === 401 || status === 403) {
    return [
      'denied',
      'access is denied ({answer})',
      'Check the access key, the secret key and their rights.',
      'after-fix',
    ];
  }
  if (status === 404) {
    return [
      'not-found',
      'there is no such object or bucket',
      'Check the bucket, the key and the endpoint.',
      'after-fix',
    ];
  }
  if (status === 409) return ['conflict', 'another change is under way ({answer})', later, 'safe'];
  if (status === 412) return s3Codes.PreconditionFailed ?? busy;
  if (status === 507) return storeFull;
  if (status === 429 || (status !== undefined && status >= 500)) return busy;
  return [
    'unreachable',
    '{host} does not answer as an S3 store does ({answer})',
    'Check that the endpoint is the one of the S3 interface, not of a console or a proxy.',
    'after-fix',
  ];
}
