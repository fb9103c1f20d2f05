import { describe, expect, it } from 'vitest';
import { sayOrigins, sayOverruled, weighValues } from '../../src/app/given-values.ts';

const inputs = {
  URL: { about: 'where', secret: true },
  REGION: { about: 'which', secret: false, default: 'us-east-1' },
  HOST: { about: 'all hosts when empty', secret: false, default: '' },
};
const named = (given: ReturnType<typeof weighValues>) =>
  Object.fromEntries([...given.values()].map(({ name, value, from }) => [name, `${value} from ${from}`]));

describe('values that several places give', () => {
  it('come from the last file that names them, then the environment, then the default', () => {
    const given = weighValues({
      inputs,
      environment: { URL: 'exported', REGION: 'eu-1', OTHER: 'kept' },
      files: [
        { path: 'a.env', values: { URL: 'first' } },
        { path: 'b.env', values: { URL: 'second' } },
      ],
    });
    expect(named(given)).toEqual({
      URL: 'second from b.env',
      REGION: 'eu-1 from the environment',
      HOST: ' from the default',
      OTHER: 'kept from the environment',
    });
  });

  it('are said to be overruled by name, where another place gives another value', () => {
    const given = weighValues({
      inputs,
      environment: { URL: 'exported', REGION: 'eu-1' },
      files: [{ path: '.env', values: { URL: 'written', REGION: 'eu-1' } }],
    });
    expect(sayOverruled([...given.values()])).toEqual([
      'URL is taken from .env; the environment has another value, which is not used.',
    ]);
    expect(sayOrigins([...given.values()]).map(({ text }) => text)).toEqual([
      '2 values from .env: REGION, URL',
      '1 value from the default: HOST',
    ]);
  });

  it('give nothing where they are empty, and what was typed is what was missing', () => {
    const given = weighValues({
      inputs,
      environment: { URL: '', REGION: '' },
      files: [{ path: '.env', values: { REGION: '' } }],
      typed: new Map([['URL', 'typed']]),
    });
    expect(named(given)).toMatchObject({
      URL: 'typed from what was typed',
      REGION: 'us-east-1 from the default',
    });
    expect(sayOverruled([...given.values()])).toEqual([]);
  });
});
