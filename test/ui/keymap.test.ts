import { describe, expect, test } from 'vitest';
import { keymap } from '../../src/ui/keymap.ts';

describe('The table of keys', () => {
  test('no key means two things in one place', () => {
    for (const [where, keys] of Object.entries(keymap)) {
      const names = keys.flatMap((key) => Object.keys(key.on));
      expect(new Set(names).size, where).toBe(names.length);
    }
  });

  test('every key says in a whole sentence what it does', () => {
    for (const key of Object.values(keymap).flat()) expect(key.does).toMatch(/^[A-Z].*\.$/);
  });

  test('there is a way out of every place', () => {
    for (const [where, keys] of Object.entries(keymap)) {
      // At the end any key leaves.
      if (where === 'finished') continue;
      expect(
        keys.some((key) => 'ctrl-c' in key.on),
        where,
      ).toBe(true);
    }
  });
});
