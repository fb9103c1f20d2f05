import { describe, expect, it } from 'vitest';
import { describeFileFailure } from '../../src/base/file-failure.ts';

describe('what the file system refuses', () => {
  it.each([
    ['ENOSPC', 'out-of-space'],
    ['EACCES', 'denied'],
    ['ENOENT', 'not-found'],
    ['EISDIR', 'conflict'],
    ['ENAMETOOLONG', 'invalid-input'],
    ['EIO', 'damaged'],
    ['EWHATEVER', 'command-failed'],
  ])('%s is %s, by its number and never by its words', (code, expected) => {
    const error = Object.assign(new Error('some words'), { code });
    const failure = describeFileFailure({ doing: 'write /srv/dump', error });
    expect(failure).toMatchObject({ code: expected, detail: 'some words' });
    expect(failure.message).toMatch(/^Cannot write \/srv\/dump: .+\.$/);
    expect(failure.remedy).toMatch(/\.$/);
  });
});
