import { describe, expect, it } from 'vitest';
import { fingerprintSecret } from '../../src/backups/fingerprint.ts';

describe('a fingerprint', () => {
  it('is the same everywhere for the same name and value', async () => {
    const first = await fingerprintSecret({ name: 'ENCRYPTION_KEY', value: 'k'.repeat(64) });
    expect(first).toBe('e4fc-c14d-ed8c-dc83-c3fc-42c1-92ae-565b');
  });

  it('is 32 hex digits in groups of four, and differs by value and by name', async () => {
    const [one, other, named] = await Promise.all([
      fingerprintSecret({ name: 'A', value: 'x' }),
      fingerprintSecret({ name: 'A', value: 'y' }),
      fingerprintSecret({ name: 'B', value: 'x' }),
    ]);
    expect(one).toMatch(/^([0-9a-f]{4}-){7}[0-9a-f]{4}$/);
    expect(new Set([one, other, named]).size).toBe(3);
  });
});
