import { describe } from 'vitest';
import { databaseNamesContract } from '../contracts/database-server.contract.ts';
import { createFakeDatabaseServer } from './fake-database-server.ts';

describe('A database server in memory', () => {
  const server = createFakeDatabaseServer({ name: 'shop', databases: { shop: { content: 'empty' } } });
  databaseNamesContract(() => server);
});
