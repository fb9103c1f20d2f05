import { describe, expect, it } from 'vitest';
import {
  brokenBodyFailure,
  createBodyError,
  failureOfBodyError,
  wrongLengthFailure,
} from '../../src/base/body-error.ts';
import { cancelledFailure } from '../../src/base/cancelled-failure.ts';

describe('the error a stream ends with', () => {
  it('carries the failure that was classified where it happened', () => {
    const failure = cancelledFailure('read k');
    expect(failureOfBodyError(createBodyError(failure))).toBe(failure);
    expect(brokenBodyFailure('write k', createBodyError(failure))).toBe(failure);
  });

  it('counts as damage when it comes from somewhere else', () => {
    expect(failureOfBodyError(new Error('boom'))).toBeUndefined();
    expect(failureOfBodyError('boom')).toBeUndefined();
    expect(brokenBodyFailure('write k', new Error('boom'))).toMatchObject({
      code: 'damaged',
      detail: 'boom',
    });
  });

  it('says how many bytes came, or that there were too many', () => {
    const short = wrongLengthFailure({ doing: 'write k', sizeBytes: 10, receivedBytes: 7 });
    const long = wrongLengthFailure({ doing: 'write k', sizeBytes: 10, receivedBytes: 11 });
    expect(short.message).toBe('Cannot write k: its content has 7 instead of 10 bytes.');
    expect(long.message).toBe('Cannot write k: its content has more than 10 bytes.');
  });
});
