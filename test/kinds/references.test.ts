// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of a runbook look like this.
import { describe, expect, it } from 'vitest';
import {
  fillReferences,
  findMalformedReferences,
  findReferences,
  resolveInputs,
} from '../../src/kinds/references.ts';

describe('placeholders', () => {
  it('are found once each, in order, however deep they stand', () => {
    const value = { a: '${B} and ${A}', list: [{ deep: '${B}${C_2}' }, 7, null] };
    expect(findReferences(value)).toEqual(['B', 'A', 'C_2']);
  });

  it('are filled as they are: no sign in a value has a meaning, and nothing is filled twice', () => {
    const values = new Map([
      ['A', '$& $1 ${B}'],
      ['B', 'b'],
    ]);
    expect(fillReferences({ text: 'x${A}y${B}${C}', n: 1 }, values)).toEqual({
      text: 'x$& $1 ${B}yb${C}',
      n: 1,
    });
  });

  it('that are none are told apart', () => {
    expect(findMalformedReferences(['${OK}', '${lower}', '${}', '${A-B}', '$NAME', '${OPEN'])).toEqual([
      '${lower}',
      '${}',
      '${A-B}',
      '${OPEN',
    ]);
  });
});

describe('the values an operator brings', () => {
  const inputs = {
    URL: { about: 'the database', secret: true },
    KEY: { about: 'the key', secret: true },
    REGION: { about: 'the region', secret: false, default: 'eu' },
    HOST: { about: 'the host', secret: false, default: '' },
  };

  it('come from the environment, else from the default, which may be empty', () => {
    const resolved = resolveInputs({
      inputs,
      needed: ['URL', 'REGION', 'HOST'],
      environment: { URL: 'postgresql://', REGION: '', UNUSED: 'x' },
    });
    expect(resolved.ok && Object.fromEntries(resolved.value)).toEqual({
      URL: 'postgresql://',
      REGION: 'eu',
      HOST: '',
    });
  });

  it('are asked for all at once where they are missing, and an empty one is missing', () => {
    const resolved = resolveInputs({
      inputs,
      needed: ['URL', 'KEY', 'REGION', 'OTHER'],
      environment: { KEY: '' },
    });
    expect(resolved).toMatchObject({
      ok: false,
      failure: {
        code: 'answer-missing',
        message: '3 values are missing: URL (the database); KEY (the key); OTHER.',
      },
    });
  });

  it('are not asked for where nothing needs them', () => {
    expect(resolveInputs({ inputs, needed: [], environment: {} }).ok).toBe(true);
  });
});
