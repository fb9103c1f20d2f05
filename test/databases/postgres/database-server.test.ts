import { openDatabaseServer } from '../../../src/databases/postgres/pg-database-server.ts';
import { databaseServerContract } from '../../contracts/database-server.contract.ts';
import { startTestCluster } from './cluster.ts';

databaseServerContract({
  name: 'over its port',
  make: async () => {
    const cluster = await startTestCluster();
    await cluster.sql('postgres', 'CREATE DATABASE shop');
    return {
      url: cluster.urlOf('shop'),
      open: (url) => openDatabaseServer({ url }),
      dispose: cluster.remove,
    };
  },
});
