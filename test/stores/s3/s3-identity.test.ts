import { expect, test } from 'vitest';
import { identifyStore, readEndpoint } from '../../../src/stores/s3/s3-identity.ts';

function identify(text: string): string {
  const endpoint = readEndpoint(text);
  return endpoint === undefined ? 'unreadable' : identifyStore({ endpoint, bucket: 'b' }).endpoint;
}

test.each([
  ['http://localhost:9000', 'localhost:9000'],
  ['http://127.0.0.1:9000/', 'localhost:9000'],
  ['http://[::1]:9000', 'localhost:9000'],
  ['http://[::ffff:127.0.0.1]:9000', 'localhost:9000'],
  ['http://0.0.0.0:9000', 'localhost:9000'],
  ['http://LOCALHOST.:9000', 'localhost:9000'],
  ['http://minio', 'minio:80'],
  ['https://Minio.Example.org', 'minio.example.org:443'],
  ['https://minio.example.org:443', 'minio.example.org:443'],
  ['https://s3.eu-west-1.amazonaws.com', 's3.amazonaws.com:443'],
  ['https://s3.amazonaws.com', 's3.amazonaws.com:443'],
  ['https://s3.dualstack.eu-west-1.amazonaws.com', 's3.amazonaws.com:443'],
  ['https://s3.cn-north-1.amazonaws.com.cn', 's3.amazonaws.com.cn:443'],
  ['minio:9000', 'unreadable'],
  ['ftp://minio', 'unreadable'],
  ['', 'unreadable'],
])('%s is the store %s', (endpoint, identity) => {
  expect(identify(endpoint)).toBe(identity);
});
