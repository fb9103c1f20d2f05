import { describe } from 'vitest';
import { privateFileContract } from '../contracts/private-file.contract.ts';
import { createFakeHost } from './fake-host.ts';

describe('a private file in memory', () => {
  privateFileContract(async () => ({ host: createFakeHost(), folder: '/srv' }));
});
